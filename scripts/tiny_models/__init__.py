"""Builds the tiny text-to-image model and the tiny image scorer that are shipped with the code."""
