"""The focal loss on one sigmoid per class."""

import torch
import torch.nn.functional as F
from torch import Tensor

from sau.losses.shapes import Shapes


def sigmoid_focal_loss(
    logits: Tensor, labels: Tensor, weights: Tensor, gamma: float = 1.0
) -> Tensor:
    """Return the mean over the batch of -w_y sum_i (1 - p_i)^gamma log p_i.

    p_i is the probability that the sigmoid of class i gives to what is true of it:
    sigmoid(z_i) for the label's class, and sigmoid(-z_i) for the others. A `gamma` of 0 is the sum
    of C binary cross-entropies.

    Args:
        logits: z, float32 (B, C).
        labels: y, int64 (B,).
        weights: w, float32 (C,), by the label's class.
        gamma: at least 0; the higher, the less do easy classes of an image count.

    Source: Lin et al., "Focal Loss for Dense Object Detection" (ICCV 2017), in the form of Cui et
    al., "Class-Balanced Loss Based on Effective Number of Samples" (CVPR 2019), section 4.3.

    Raises:
        ValueError: other shapes.
    """
    shapes = Shapes().floats("logits", logits, "B C").integers("labels", labels, "B")
    shapes.floats("weights", weights, "C")
    classes = torch.arange(logits.shape[1], device=logits.device)
    signed = torch.where(labels[:, None] == classes, logits, -logits)
    # (1 - p)^gamma by its logarithm: its gradient stays finite where p is 1.
    modulator = torch.exp(gamma * F.logsigmoid(-signed))
    losses = -(modulator * F.logsigmoid(signed)).sum(dim=1)
    return (weights[labels] * losses).mean()
