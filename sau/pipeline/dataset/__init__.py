"""Real images of any source, brought into one table: train and test."""
