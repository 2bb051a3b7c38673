"""Ways to train a network for a long tail, a file each."""
