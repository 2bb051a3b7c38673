"""The networks that are trained."""

from sau.networks.classifier import ClassifierKind, CosineClassifier
from sau.networks.encoder import feature_size
from sau.networks.initialise import initialise, seeded
from sau.networks.network import Network, NetworkConfig
from sau.networks.protocol import MethodNetwork

__all__ = [
    "ClassifierKind",
    "CosineClassifier",
    "MethodNetwork",
    "Network",
    "NetworkConfig",
    "feature_size",
    "initialise",
    "seeded",
]
