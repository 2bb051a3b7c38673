"""The supervised contrastive loss of the synthetic-aware branch."""

from typing import Literal

import torch
from torch import Tensor

from sau.training.label_correction import find_noise

NoiseStrategy = Literal["drop", "pos_neg", "neg_only"]


def synthetic_aware_loss(
    features: Tensor,
    labels: Tensor,
    is_synthetic: Tensor,
    prototypes: Tensor,
    *,
    temperature: float,
    noise_strategy: NoiseStrategy,
    neighbours: int,
) -> tuple[Tensor, Tensor]:
    """Pull embeddings of one class together, apart from noisy synthetic ones.

    The set A holds both views of every sample and of every prototype; the two copies of a sample
    are two anchors with one label, and each other's positives. Noise is found by `find_noise`:

    - `drop` (L1 of the paper): it is left out of A.
    - `pos_neg` (L2): every noisy sample gets a label of its own, so its two views are each other's
      only positives, and it stands in every denominator.
    - `neg_only` (L3): it is no anchor and no positive, but stands in every denominator.

    Args:
        features: float (B, 2, d), `z2` and `z3`, of length 1; gradients flow through them.
        labels: int64 (B,), 0 to C - 1.
        is_synthetic: bool (B,).
        prototypes: float (C, 2, d), class means of real embeddings, of length 1; constants.
        temperature: above 0.
        noise_strategy: see above.
        neighbours: k of the label correction.

    Returns the mean over the anchors, float32 (), and which samples are noise, bool (B,).

    Source: SAU (ICONIP 2024), equations of L_sc; after Khosla et al., "Supervised Contrastive
    Learning" (NeurIPS 2020), L_out.
    """
    # Similarities over a temperature of 0.1 reach 10, where bfloat16 has steps of 0.06.
    with torch.autocast(features.device.type, enabled=False):
        features, prototypes = features.float(), prototypes.float().detach()
        noise = find_noise(features, labels, is_synthetic, prototypes, neighbours)
        samples = torch.cat([features, prototypes])
        stacked = torch.cat([samples[:, 0], samples[:, 1]])
        groups, is_noise = _groups(labels, noise, len(prototypes))
        similarity = stacked @ stacked.T / temperature
        return _loss(similarity, groups, is_noise, noise_strategy), noise


def _groups(labels: Tensor, noise: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """Return what is positive to what, int64 (N,), and which are noise, bool (N,), both views.

    A sample belongs to its class, noise to a group of its own, a prototype to its class.
    """
    own_group = classes + torch.arange(len(labels), device=labels.device)
    prototype_groups = torch.arange(classes, device=labels.device)
    groups = torch.cat([torch.where(noise, own_group, labels), prototype_groups])
    is_noise = torch.cat([noise, torch.zeros_like(prototype_groups, dtype=torch.bool)])
    return groups.repeat(2), is_noise.repeat(2)


def _loss(
    similarity: Tensor, groups: Tensor, is_noise: Tensor, noise_strategy: NoiseStrategy
) -> Tensor:
    """Return the mean over the anchors of -1/|P(i)| sum over P(i) of log p(j | i)."""
    everyone = torch.ones_like(is_noise)
    anchors = everyone if noise_strategy == "pos_neg" else ~is_noise
    in_denominator = ~is_noise if noise_strategy == "drop" else everyone
    other = ~torch.eye(len(groups), dtype=torch.bool, device=groups.device)
    positives = (groups[:, None] == groups) & other & anchors & anchors[:, None]
    masked = similarity.masked_fill(~(in_denominator & other), -torch.inf)
    log_probability = similarity - masked.logsumexp(dim=1, keepdim=True)
    total = (log_probability * positives).sum(dim=1)
    # An anchor without a positive has a sum of 0, and contributes it.
    per_anchor = -total / positives.sum(dim=1).clamp(min=1)
    return (per_anchor * anchors).sum() / anchors.sum()
