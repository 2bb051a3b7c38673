"""The networks that are trained."""

from sau.training.models.network import Network, NetworkConfig

__all__ = ["Network", "NetworkConfig"]
