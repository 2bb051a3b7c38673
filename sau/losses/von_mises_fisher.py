"""Classes as von Mises-Fisher distributions on the unit sphere, estimated batch by batch."""

import torch
from torch import Tensor

LARGEST_CONCENTRATION = 1e5
"""Of a class whose embeddings are all but one point; the authors' code has the same bound."""


def updated_means(
    means: Tensor, counts: Tensor, embeddings: Tensor, labels: Tensor
) -> tuple[Tensor, Tensor]:
    """Return class means and counts that have taken in a batch.

    The mean of n embeddings and the m of the batch that belong to the class is (n * mean + sum of
    the m) / (n + m); a class that the batch lacks stays as it is.

    Args:
        means: float32 (C, d), not normalised; of a class with count 0 it counts for nothing.
        counts: n, float32 (C,).
        embeddings: float (N, d), of length 1; constants.
        labels: int64 (N,), 0 to C - 1.

    Source: Du et al., "Probabilistic Contrastive Learning for Long-Tailed Visual Recognition"
    (TPAMI 2024), the online estimate of section 3.2.
    """
    classes = torch.arange(len(means), device=labels.device)
    # A matrix product, unlike scattered adding, sums in the same order on every device.
    belongs = (classes[:, None] == labels).float()
    found = belongs.sum(dim=1)
    total = counts + found
    sums = counts[:, None] * means + belongs @ embeddings.detach().float()
    fresh = sums / total.clamp(min=1)[:, None]
    return torch.where(found[:, None] > 0, fresh, means), total


def concentrations(means: Tensor) -> Tensor:
    """Return the maximum-likelihood estimate of each class's concentration kappa, float64 (C,).

    Approximately R (d - R^2) / (1 - R^2), R being the length of the mean, at most
    `LARGEST_CONCENTRATION`.

    Args:
        means: of unit vectors, float (C, d).

    Source: Sra, "A short note on parameter approximation for von Mises-Fisher distributions"
    (Computational Statistics 2012); Du et al. (TPAMI 2024), section 3.2.
    """
    squared = means.double().square().sum(dim=1)
    # Rounding can make the mean of equal unit vectors longer than 1.
    rest = (1 - squared).clamp(min=1e-12)
    estimate = squared.sqrt() * (means.shape[1] - squared) / rest
    return estimate.clamp(max=LARGEST_CONCENTRATION)
