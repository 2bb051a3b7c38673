"""The supervised contrastive loss of the synthetic-aware branch."""

from collections.abc import Sequence
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sau.losses.label_correction import Vote, find_noise
from sau.losses.shapes import Shapes
from sau.neighbours.bank import EmbeddingBank

NoiseStrategy = Literal["drop", "pos_neg", "neg_only"]


def synthetic_aware_loss(
    features: Tensor,
    labels: Tensor,
    is_synthetic: Tensor,
    prototypes: Tensor,
    *,
    temperature: float = 0.1,
    noise_strategy: NoiseStrategy = "pos_neg",
    neighbours: int = 1,
    vote: Vote = "majority",
    bank: EmbeddingBank | None = None,
) -> tuple[Tensor, Tensor]:
    """Pull embeddings of one class together, apart from noisy synthetic ones.

    The set A holds both views of every sample and of every prototype, N = 2 (B + C) vectors. The
    loss of anchor i is the mean over its positives j of -log(exp(z_i.z_j / t) / sum over k of
    exp(z_i.z_k / t)), with neither j nor k equal to i; positives are the vectors of i's class.
    Every anchor has one, the other view of the same sample. Noise is found by `find_noise`:

    - `drop` (L1 of the paper): it is left out of A.
    - `pos_neg` (L2): every noisy sample gets a label of its own, so its two views are each other's
      only positives, and it stands in every denominator.
    - `neg_only` (L3): it is no anchor and no positive, but stands in every denominator.

    Computed in float32, also under autocast. One (N, N) matrix is kept for the backward pass. No
    step waits for the device, unless there is a bank.

    Args:
        features: float (B, 2, d), `z2` and `z3`, of length 1; gradients flow through them.
        labels: int64 (B,), 0 to C - 1.
        is_synthetic: bool (B,).
        prototypes: float (C, 2, d), class means of real embeddings, C at least 1; constants.
        temperature: t, above 0.
        noise_strategy: see above.
        neighbours: k of the label correction.
        vote: of the label correction; see `find_noise`.
        bank: where the label correction searches; None for the batch and the prototypes.

    Returns the mean over the anchors, float32 (), and which samples are noise, bool (B,).

    Raises:
        ValueError: other shapes, or an option out of its range.

    Source: SAU (ICONIP 2024), equations of L_sc; after Khosla et al., "Supervised Contrastive
    Learning" (NeurIPS 2020), L_out.
    """
    check_options(temperature, noise_strategy, neighbours, vote)
    with torch.autocast(features.device.type, enabled=False):
        constants = features.float(), labels, is_synthetic, prototypes.detach().float()
        noise = find_noise(*constants, neighbours, vote=vote, bank=bank)
    loss = contrastive_loss(
        features,
        labels,
        noise,
        prototypes,
        temperature=temperature,
        noise_strategy=noise_strategy,
    )
    return loss, noise


def contrastive_loss(
    features: Tensor,
    labels: Tensor,
    noise: Tensor,
    prototypes: Tensor,
    *,
    temperature: float = 0.1,
    noise_strategy: NoiseStrategy = "pos_neg",
) -> Tensor:
    """Return `synthetic_aware_loss` with a verdict that is there: which samples are noise.

    Args:
        features: float (B, 2, d), of length 1; gradients flow through them.
        labels: int64 (B,), 0 to C - 1.
        noise: bool (B,).
        prototypes: float (C, 2, d); constants.
        temperature: above 0.
        noise_strategy: see `synthetic_aware_loss`.

    Returns float32 ().

    Raises:
        ValueError: other shapes, or an option out of its range.
    """
    check_temperature(temperature)
    check_choice("noise_strategy", noise_strategy, get_args(NoiseStrategy))
    shapes = Shapes().floats("features", features, "B 2 d").integers("labels", labels, "B")
    shapes.booleans("noise", noise, "B").floats("prototypes", prototypes, "C 2 d")
    # Similarities over a temperature of 0.1 reach 10, where bfloat16 has steps of 0.06.
    with torch.autocast(features.device.type, enabled=False):
        features, prototypes = features.float(), prototypes.detach().float()
        samples = torch.cat([features, prototypes])
        is_noise = F.pad(noise, (0, len(prototypes)))
        to_positives = _mean_over_positives(samples, labels, is_noise) / temperature
        left_out = is_noise if noise_strategy == "drop" else torch.zeros_like(is_noise)
        to_all = log_denominators(samples, left_out, temperature)
        anchors = torch.ones_like(is_noise) if noise_strategy == "pos_neg" else ~is_noise
        per_anchor = (to_all - to_positives) * anchors[:, None]
        return per_anchor.sum() / (2 * anchors.sum())


class SyntheticAwareContrastiveLoss(nn.Module):
    """`synthetic_aware_loss` as a module, with the paper's options as defaults.

    Args:
        temperature: of the similarities, above 0.
        noise_strategy: what noisy synthetic samples do: `pos_neg`, `drop` or `neg_only`.
        neighbours: k of the label correction, at least 1.
        vote: how the neighbours settle on a class: `majority`, `unanimous`, `similarity_weighted`.

    Raises:
        ValueError: an option out of its range.
    """

    def __init__(
        self,
        temperature: float = 0.1,
        noise_strategy: NoiseStrategy = "pos_neg",
        neighbours: int = 1,
        vote: Vote = "majority",
    ) -> None:
        super().__init__()
        check_options(temperature, noise_strategy, neighbours, vote)
        self.temperature = temperature
        self.noise_strategy: NoiseStrategy = noise_strategy
        self.neighbours = neighbours
        self.vote: Vote = vote

    def forward(
        self,
        features: Tensor,
        labels: Tensor,
        is_synthetic: Tensor,
        prototypes: Tensor,
        bank: EmbeddingBank | None = None,
    ) -> Tensor:
        """Return the loss, float32 (); see `synthetic_aware_loss`."""
        loss, _ = synthetic_aware_loss(
            features,
            labels,
            is_synthetic,
            prototypes,
            temperature=self.temperature,
            noise_strategy=self.noise_strategy,
            neighbours=self.neighbours,
            vote=self.vote,
            bank=bank,
        )
        return loss

    def extra_repr(self) -> str:
        """Return the options, for `print`."""
        names = ("temperature", "noise_strategy", "neighbours", "vote")
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in names)


def check_options(
    temperature: float, noise_strategy: NoiseStrategy, neighbours: int, vote: Vote
) -> None:
    """Refuse options that the loss cannot have; raises ValueError."""
    check_temperature(temperature)
    if neighbours < 1:
        raise ValueError(f"neighbours: {neighbours}, expected at least 1")
    check_choice("noise_strategy", noise_strategy, get_args(NoiseStrategy))
    check_choice("vote", vote, get_args(Vote))


def check_temperature(temperature: float) -> None:
    """Refuse a temperature that is not above 0; raises ValueError."""
    if not temperature > 0:
        raise ValueError(f"temperature: {temperature}, expected above 0")


def check_choice(name: str, value: str, known: Sequence[str]) -> None:
    """Refuse the value of an option that is none of those known; raises ValueError."""
    if value not in known:
        raise ValueError(f"{name}: {value!r}, expected one of {', '.join(known)}")


def _mean_over_positives(samples: Tensor, labels: Tensor, is_noise: Tensor) -> Tensor:
    """Return the mean inner product of each vector and its positives, float32 (S, 2).

    That is the inner product with the sum of its class less itself, so that no matrix of pairs is
    needed; noise has its other view.

    Args:
        samples: float32 (S, 2, d), the batch's and then the prototypes, S = B + C.
        labels: int64 (B,), of the batch.
        is_noise: bool (S,).
    """
    classes = torch.arange(len(samples) - len(labels), device=labels.device)
    groups = torch.cat([labels, classes])
    belongs = (classes[:, None] == groups) & ~is_noise
    class_sums = belongs.float() @ samples.sum(dim=1)
    class_sizes = 2 * belongs.sum(dim=1)
    others = class_sums[groups][:, None] - samples
    # A class has its two prototypes at least, so there is always someone else.
    mean = (samples * others).sum(dim=2) / (class_sizes[groups] - 1)[:, None]
    other_view = (samples[:, 0] * samples[:, 1]).sum(dim=1, keepdim=True)
    return torch.where(is_noise[:, None], other_view, mean)


def log_denominators(samples: Tensor, left_out: Tensor, temperature: float) -> Tensor:
    """Return log of the sum over all other vectors k of exp(z_i.z_k / t), float32 (S, 2).

    Args:
        samples: float32 (S, 2, d).
        left_out: bool (S,), samples that stand in no denominator.
        temperature: t.
    """
    vectors = samples.flatten(0, 1)
    bias = torch.zeros_like(vectors[:, 0]).masked_fill(left_out.repeat_interleave(2), -torch.inf)
    similarity = torch.addmm(bias, vectors / temperature, vectors.T)
    similarity.diagonal().fill_(-torch.inf)
    return similarity.logsumexp(dim=1).view(-1, 2)
