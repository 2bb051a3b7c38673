"""The layer from features to class scores."""

from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

ClassifierKind = Literal["linear", "cosine"]


class CosineClassifier(nn.Linear):
    """Class scores that are `scale` times the cosine of features and class weights.

    Args:
        features: F.
        classes: C.
        scale: above 0.

    Source: Gidaris and Komodakis, "Dynamic Few-Shot Visual Learning without Forgetting" (CVPR
    2018), equation 2, with a fixed scale.
    """

    def __init__(self, features: int, classes: int, scale: float) -> None:
        super().__init__(features, classes, bias=False)
        self.scale = scale

    def forward(self, features: Tensor) -> Tensor:
        """Map features (B, F) to scores (B, C), -scale to scale."""
        directions = F.normalize(self.weight, dim=1)
        return self.scale * F.linear(F.normalize(features, dim=1), directions)


def make_classifier(
    kind: ClassifierKind, features: int, classes: int, scale: float = 1.0
) -> nn.Linear:
    """Return a classifier of `kind`; a linear one has a bias and no scale."""
    if kind == "cosine":
        return CosineClassifier(features, classes, scale)
    return nn.Linear(features, classes)
