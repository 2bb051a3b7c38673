"""Synthetic images: generated, or imported."""
