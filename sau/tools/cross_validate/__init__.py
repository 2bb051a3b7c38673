"""`sau cross-validate`: a run for each fold, and their test images pooled."""

from sau.tools.cross_validate.command import cross_validate

__all__ = ["cross_validate"]
