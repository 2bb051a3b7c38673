"""Weights of encoders that were trained before: where they are, and how they want their images."""

from sau.networks.pretrained.find import find_weights
from sau.networks.pretrained.load import load_weights
from sau.networks.pretrained.weights import Pixels, PretrainedWeights

__all__ = ["Pixels", "PretrainedWeights", "find_weights", "load_weights"]
