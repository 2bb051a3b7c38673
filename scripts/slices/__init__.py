"""A grid of training runs on a machine that is ours for minutes at a time; see docs/slices.md."""
