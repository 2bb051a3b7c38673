"""The supervised contrastive loss of infinitely many samples from each class's distribution."""

import torch
import torch.nn.functional as F
from torch import Tensor

from sau.losses.bessel import log_scaled_bessel
from sau.losses.logit_adjustment import logit_adjusted_cross_entropy
from sau.losses.von_mises_fisher import concentrations


def probabilistic_contrastive_loss(
    embeddings: Tensor, labels: Tensor, means: Tensor, counts: Tensor, temperature: float
) -> Tensor:
    """Return the mean of -log(pi_y M_y(z / t) / sum over classes j of pi_j M_j(z / t)), float32 ().

    pi_j is the prior of class j, and M_j(v) the expectation of exp(v.x) over its von Mises-Fisher
    distribution: see `log_expectations`.

    Args:
        embeddings: z, float (B, d), of length 1; gradients flow through them alone.
        labels: y, int64 (B,), 0 to C - 1.
        means: of each class's embeddings, float32 (C, d), not normalised.
        counts: training images of each class, int64 (C,).
        temperature: t, above 0.

    Source: Du et al., "Probabilistic Contrastive Learning for Long-Tailed Visual Recognition"
    (TPAMI 2024), L_in of proposition 1.
    """
    with torch.autocast(embeddings.device.type, enabled=False):
        logits = log_expectations(embeddings, means, temperature)
        return logit_adjusted_cross_entropy(logits.float(), labels, counts)


def log_expectations(embeddings: Tensor, means: Tensor, temperature: float) -> Tensor:
    """Return log M_j(z / t) of each embedding and class, float64 (B, C).

    M_j(z / t) = C_d(kappa_j) / C_d(kappa~), where kappa~ = |kappa_j mu_j + z / t| and C_d(kappa) =
    kappa^v / ((2 pi)^(d/2) I_v(kappa)) with v = d / 2 - 1. Only kappa~^2 is needed, so that no
    (B, C, d) tensor arises; in float64, as kappa reaches 1e5 and its square cancels.

    Args:
        embeddings: z, float (B, d), of length 1.
        means: float32 (C, d); their directions are mu, their lengths give kappa.
        temperature: t, above 0.
    """
    vectors = embeddings.double() / temperature
    kappa = concentrations(means.detach())
    directions = kappa[:, None] * F.normalize(means.detach().double(), dim=1)
    lengths = vectors.square().sum(dim=1, keepdim=True) + kappa.square()
    squared = torch.addmm(lengths, vectors, directions.T, alpha=2).clamp(min=0)
    order = means.shape[1] / 2 - 1
    return log_scaled_bessel(order, squared) - log_scaled_bessel(order, kappa.square())
