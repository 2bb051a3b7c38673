"""`sau evaluate`: how well a trained network does on new images whose classes are known."""

from sau.tools.evaluate.command import evaluate

__all__ = ["evaluate"]
