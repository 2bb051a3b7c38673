"""`sau predict`: classes and probabilities of images, by a trained network."""

from sau.tools.predict.command import predict

__all__ = ["predict"]
