"""Code that exported folders hold: plain PyTorch, without this package."""
