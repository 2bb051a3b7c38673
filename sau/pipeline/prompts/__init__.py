"""The texts that images are generated from."""
