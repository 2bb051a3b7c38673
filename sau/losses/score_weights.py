"""Weights of generated images by how their score ranks among their class's."""

import torch
from torch import Tensor

from sau.losses.shapes import Shapes


def score_weights(scores: Tensor, labels: Tensor, is_synthetic: Tensor) -> Tensor:
    """Return twice the share of its class's synthetic images that an image beats; 1 if it is real.

    Images of equal score beat each other by half. So the weights of a class's synthetic images go
    from near 2 for the best to near 0 for the worst, whatever the scorer's scale, and their mean is
    1: each class keeps the weight that its images have in number.

    Args:
        scores: float (N,), finite where synthetic.
        labels: int64 (N,).
        is_synthetic: bool (N,).

    Returns float32 (N,), 0 to 2.

    Raises:
        ValueError: other shapes.
    """
    shapes = Shapes().floats("scores", scores, "N").integers("labels", labels, "N")
    shapes.booleans("is_synthetic", is_synthetic, "N")
    weights = torch.ones(len(labels), device=labels.device)
    own = labels[is_synthetic]
    pairs = torch.stack([own.double(), scores[is_synthetic].double()])
    _, group, ties = torch.unique(pairs, dim=1, return_inverse=True, return_counts=True)
    sizes = own.bincount()
    # Groups stand by class, then by score: before one are the classes before its own, and what it
    # beats in its own.
    before = (ties.cumsum(0) - ties)[group] - (sizes.cumsum(0) - sizes)[own]
    beaten = before + ties[group] / 2
    weights[is_synthetic] = (2 * beaten / sizes[own]).float()
    return weights
