"""`sau sweep`: a run for each value of one setting, beside each other."""

from sau.tools.sweep.command import sweep

__all__ = ["sweep"]
