"""Cross-entropy that knows how frequent the classes are."""

import torch.nn.functional as F
from torch import Tensor

from sau.losses.shapes import Shapes


def logit_adjusted_cross_entropy(
    logits: Tensor, labels: Tensor, counts: Tensor, tau: float = 1.0
) -> Tensor:
    """Return the mean cross-entropy of z + tau log n; with `tau` 1, the Balanced Softmax loss.

    Counts n and the prior n / sum(n) give the same: a softmax does not see the difference. A class
    without images has the probability 0.

    Args:
        logits: z, float32 (B, C).
        labels: int64 (B,), of classes with a count above 0.
        counts: n, int64 (C,).
        tau: at least 0; 0 is plain cross-entropy.

    Raises:
        ValueError: other shapes.

    Source: Menon et al., "Long-Tail Learning via Logit Adjustment" (ICLR 2021), equation 10.
    """
    shapes = Shapes().floats("logits", logits, "B C").integers("labels", labels, "B")
    shapes.integers("counts", counts, "C")
    if tau == 0:
        return F.cross_entropy(logits, labels)
    return F.cross_entropy(logits + tau * counts.float().log(), labels)


def balanced_softmax_cross_entropy(logits: Tensor, labels: Tensor, counts: Tensor) -> Tensor:
    """Return the mean cross-entropy of z + log n, the Balanced Softmax loss.

    Args and errors are those of `logit_adjusted_cross_entropy`, which it is with a `tau` of 1.

    Source: Ren et al., "Balanced Meta-Softmax for Long-Tailed Visual Recognition" (NeurIPS 2020),
    theorem 1.
    """
    return logit_adjusted_cross_entropy(logits, labels, counts)
