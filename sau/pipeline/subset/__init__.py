"""The long tail of real images, and what of it is held out for validation."""
