"""What a generator learns of each class from the real training images."""
