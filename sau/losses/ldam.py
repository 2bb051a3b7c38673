"""Margins that are larger for rare classes."""

import torch
import torch.nn.functional as F
from torch import Tensor

from sau.losses.shapes import Shapes


def label_margins(counts: Tensor, largest: float = 0.5) -> Tensor:
    """Return margins proportional to n^(-1/4); that of the rarest class is `largest`.

    Args:
        counts: n, int64 (C,), not all 0; a class without images has margin 0.
        largest: above 0, as a cosine.

    Returns float32 (C,).

    Source: Cao et al., "Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss"
    (NeurIPS 2019), equation 13 and appendix B.
    """
    seen = torch.where(counts > 0, counts.double(), torch.inf)
    return (largest * (seen.min() / seen) ** 0.25).float()


def margin_cross_entropy(
    logits: Tensor, labels: Tensor, margins: Tensor, weights: Tensor | None = None
) -> Tensor:
    """Return the mean cross-entropy of logits from which the label's class has lost its margin.

    Args:
        logits: float32 (B, C).
        labels: int64 (B,).
        margins: float32 (C,), in the unit of the logits.
        weights: float32 (C,), for a mean over the batch that is weighted by the labels' classes.

    Source: Cao et al. (NeurIPS 2019), equation 12; the weighted mean is Algorithm 1's.

    Raises:
        ValueError: other shapes.
    """
    shapes = Shapes().floats("logits", logits, "B C").integers("labels", labels, "B")
    shapes.floats("margins", margins, "C")
    classes = torch.arange(logits.shape[1], device=logits.device)
    at_label = labels[:, None] == classes
    return F.cross_entropy(logits - margins * at_label, labels, weight=weights)
