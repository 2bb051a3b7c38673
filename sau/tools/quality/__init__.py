"""`sau quality`: generated images against real ones in figures, beside what they gained."""

from sau.tools.quality.command import quality

__all__ = ["quality"]
