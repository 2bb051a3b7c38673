"""One page on which real, kept and rejected images are looked at, with their scores and reasons."""
