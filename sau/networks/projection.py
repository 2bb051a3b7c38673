"""The head that maps features to the space of the contrastive loss."""

import torch.nn.functional as F
from torch import Tensor, nn


class Projection(nn.Module):
    """Two hidden layers with BatchNorm and ReLU, a linear output, L2-normalised.

    Args:
        inputs: size of the features.
        hidden: units of both hidden layers.
        outputs: d, size of the embedding.

    Source: SAU (ICONIP 2024), phi.
    """

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            # A bias before BatchNorm would be subtracted again.
            nn.Linear(inputs, hidden, bias=False),
            nn.BatchNorm1d(hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, hidden, bias=False),
            nn.BatchNorm1d(hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, outputs),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map features (B, inputs) to float32 (B, outputs) of length 1."""
        return F.normalize(self.layers(features).float(), dim=1)
