"""Cross-entropy of mixed labels, and of images of which some count more than others."""

import torch
import torch.nn.functional as F
from torch import Tensor

from sau.losses.shapes import Shapes


def soft_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean over the batch of -sum(targets * log softmax(logits)), float32 ().

    Args:
        logits: float32 (B, C).
        targets: float32 (B, C), rows sum to 1, or to what the image counts.

    Raises:
        ValueError: other shapes.
    """
    Shapes().floats("logits", logits, "B C").floats("targets", targets, "B C")
    return -(targets * torch.log_softmax(logits, dim=1)).sum(dim=1).mean()


def weighted_cross_entropy(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Return the mean of w_i times the cross-entropy of image i, float32 ().

    Divided by the number of images, not by the sum of their weights.

    Args:
        logits: float32 (B, C).
        labels: int64 (B,).
        weights: w, float32 (B,).

    Raises:
        ValueError: other shapes.
    """
    _check(logits, labels, weights)
    return (weights * F.cross_entropy(logits, labels, reduction="none")).mean()


def weighted_binary_cross_entropy(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Return the mean over images and classes of w_i times a binary cross-entropy, float32 ().

    What it judges is the softmax: with p_c for class c, image i of class y costs
    w_i * (-log p_y - sum over c != y of log(1 - p_c)) / C. Being divided by C, it weighs less
    against weight decay than `weighted_cross_entropy` does.

    Args:
        logits: float32 (B, C).
        labels: y, int64 (B,).
        weights: w, float32 (B,).

    Raises:
        ValueError: other shapes.

    Source: the published code of Alshammari et al., "Long-Tailed Recognition via Weight Balancing"
    (CVPR 2022); their paper has the class-balanced loss of Cui et al. (CVPR 2019).
    """
    _check(logits, labels, weights)
    log_right = torch.log_softmax(logits, dim=1)
    classes = torch.arange(logits.shape[1], device=logits.device)
    chosen = torch.where(labels[:, None] == classes, log_right, _log_of_rest(log_right))
    return -(weights * chosen.mean(dim=1)).mean()


def _log_of_rest(log_probability: Tensor) -> Tensor:
    """Return log(1 - p), where p is not quite 1, as log(0) has no slope."""
    return torch.log(-torch.expm1(log_probability.clamp(max=-1e-7)))


def _check(logits: Tensor, labels: Tensor, weights: Tensor) -> None:
    shapes = Shapes().floats("logits", logits, "B C").integers("labels", labels, "B")
    shapes.floats("weights", weights, "B")
