"""`sau export`: a trained network in the formats of other programs."""

from sau.tools.export.command import export

__all__ = ["export"]
