"""`sau compare`: two results folders side by side, row by row."""

from sau.tools.compare.command import compare

__all__ = ["compare"]
