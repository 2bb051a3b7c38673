"""Cross-entropy of images and of their mixtures."""

from torch import Tensor

from sau.losses.weighted import weighted_cross_entropy
from sau.views import mixing


def regmixup_loss(
    logits: Tensor,
    labels: Tensor,
    weights: Tensor,
    mixed_logits: Tensor,
    mixed_targets: Tensor,
    mixed_weight: float,
) -> Tensor:
    """Return CE(images) + mixed_weight * CE(mixtures of them), float32 ().

    Args:
        logits: of the images, float32 (B, C).
        labels: int64 (B,).
        weights: of the images in the first part, float32 (B,); 1 for each in the paper.
        mixed_logits: of the mixtures, float32 (B, C).
        mixed_targets: float32 (B, C), rows sum to 1.
        mixed_weight: eta, at least 0.

    Source: Pinto et al., "Using Mixup as a Regularizer Can Surprisingly Improve Accuracy and
    Out-of-Distribution Robustness" (NeurIPS 2022).
    """
    mixed = mixing.soft_cross_entropy(mixed_logits, mixed_targets)
    return weighted_cross_entropy(logits, labels, weights) + mixed_weight * mixed
