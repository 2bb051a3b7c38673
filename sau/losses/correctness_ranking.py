"""A loss that ranks confidence by how often an image was classified correctly."""

import torch
from torch import Tensor

from sau.losses.shapes import Shapes


def correctness_ranking_loss(confidence: Tensor, correctness: Tensor) -> Tensor:
    """Return the mean over pairs of max(0, -g (k_i - k_j) + |c_i - c_j|), g = sign(c_i - c_j).

    Image i is paired with image i + 1 of the batch, the last with the first. Where c_i = c_j, the
    pair costs nothing. Computed in float32, also under autocast.

    Args:
        confidence: k, float (B,), 0 to 1: the largest class probability.
        correctness: c, float (B,), 0 to 1: the share of the image's examinations so far that were
            correct; a constant.

    Returns float32 (), 0 to 2.

    Raises:
        ValueError: other shapes.

    Source: Moon et al., "Confidence-Aware Learning for Deep Neural Networks" (ICML 2020),
    equation 2 and the paragraph "Implementation details".
    """
    Shapes().floats("confidence", confidence, "B").floats("correctness", correctness, "B")
    with torch.autocast(confidence.device.type, enabled=False):
        confidence, correctness = confidence.float(), correctness.detach().float()
        ahead = correctness - correctness.roll(-1)
        gap = confidence - confidence.roll(-1)
        return torch.relu(ahead.abs() - ahead.sign() * gap).mean()
