"""Sentences with a gap for a class name."""
