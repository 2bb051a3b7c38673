"""Training of the two-branch network and of its rivals."""
