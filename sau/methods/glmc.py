"""GLMC: two mixtures of the same images that agree, and labels that turn to the rare classes."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sau.losses.class_weights import inverse_frequency_weights
from sau.losses.classification import soft_cross_entropy
from sau.methods.base import Epoch, Losses, Method, MethodContext, Step
from sau.networks.initialise import initialise
from sau.networks.protocol import MethodNetwork
from sau.settings.section import Section, setting
from sau.views import ViewName, mixing

AGAIN: dict[str, ViewName] = {"v1": "v1_again", "v2": "v2_again"}


class GlmcOptions(Section):
    """Options of GLMC; the defaults are the authors' for CIFAR-100-LT with imbalance factor 100."""

    view: Literal["v1", "v2"] = setting("v1", "what is mixed; drawn once for each mixture")
    mixup_alpha: float = setting(
        0.5, "the ratio of both mixtures is drawn from Beta(alpha, alpha)", above=0
    )
    resample_power: float = setting(
        0.0,
        "q: the second batch is drawn, with replacement, by weights (1 / class size)^q",
        minimum=0,
    )
    reweight_power: float = setting(
        1.2, "k: the rebalanced head's labels are weighted by (1 / class size)^k", minimum=0
    )
    consistency_weight: float = setting(
        4.0, "eta, weight of the mixtures' consistency; 0: without it", minimum=0
    )


class Glmc(Method[GlmcOptions]):
    """MixUp and CutMix of two batches, a conventional head, a rebalanced one, and consistency.

    The network's classifier is the rebalanced head; the other heads are left behind at test time.
    The loss is a * CE + (1 - a) * CE_rebalanced + eta * consistency, a = 1 - (t / T)^2 in epoch t,
    counted from 0, of T. Both cross-entropies are sums over the two mixtures.

    Source: Du et al., "Global and Local Mixture Consistency Cumulative Learning for Long-Tailed
    Visual Recognitions" (CVPR 2023).
    """

    title = "GLMC"
    source = "Du et al., CVPR 2023"
    Options = GlmcOptions
    classifier = "linear"

    def __init__(self, options: GlmcOptions, context: MethodContext) -> None:
        super().__init__(options, context)
        self.views = self.second_views = (options.view, AGAIN[options.view])
        counts = context.class_counts
        self.label_weights = inverse_frequency_weights(counts, options.reweight_power)
        self.conventional_share = 1.0
        self.conventional = nn.Linear(context.feature_size, context.classes)
        self.projection: nn.Linear | None = None
        self.predictor: nn.Linear | None = None
        if options.consistency_weight > 0:
            self.projection = nn.Linear(context.feature_size, context.embedding_size)
            self.predictor = nn.Linear(context.embedding_size, context.embedding_size)
        initialise(self)

    def second_class_weights(self) -> Tensor:
        """Return (1 / class size)^q, float32 (C,), scaled to a mean of 1."""
        return inverse_frequency_weights(self.context.class_counts, self.options.resample_power)

    def start_epoch(self, epoch: Epoch) -> None:
        """Set the share of the conventional head's loss, a."""
        self.conventional_share = 1 - ((epoch.number - 1) / self.context.epochs) ** 2

    def loss(self, step: Step) -> Losses:
        """Return `total` and its parts `conventional`, `rebalanced` and `consistency`.

        Each mixture goes through the network by itself, as in the published code, so BatchNorm's
        statistics are those of one kind of mixture.
        """
        network = step.network
        mixtures, targets = self._mix(step)
        features = [network.features(images) for images in mixtures]
        conventional = [self.conventional(part) for part in features]
        rebalanced = [network.classify(part) for part in features]
        losses = {
            "conventional": _summed_cross_entropy(conventional, targets),
            "rebalanced": _summed_cross_entropy(rebalanced, targets * self.label_weights),
        }
        share = self.conventional_share
        total = share * losses["conventional"] + (1 - share) * losses["rebalanced"]
        if self.options.consistency_weight > 0:
            losses["consistency"] = self._consistency(features, network)
            total = total + self.options.consistency_weight * losses["consistency"]
        return {"total": total} | losses

    def _mix(self, step: Step) -> tuple[list[Tensor], Tensor]:
        """Return the MixUp and the CutMix of two batches, and the labels of both, (B, C)."""
        (batch, second), generator = step.pair, step.generator
        ratio = float(generator.beta(self.options.mixup_alpha, self.options.mixup_alpha))
        once, again = self.views
        by_mixup = mixing.mixup(batch.views[once], second.views[once], ratio)
        by_cutmix, _ = mixing.cutmix(batch.views[again], second.views[again], ratio, generator)
        targets = mixing.mix_labels(batch.labels, second.labels, ratio, self.context.classes)
        return [by_mixup, by_cutmix], targets

    def _consistency(self, features: list[Tensor], network: MethodNetwork) -> Tensor:
        assert self.projection is not None
        assert self.predictor is not None
        projected = [network.through(self.projection, part) for part in features]
        predicted = [network.through(self.predictor, part) for part in projected]
        first, second = zip(projected, predicted, strict=True)
        return mixture_consistency(first, second)


def _summed_cross_entropy(logits: list[Tensor], targets: Tensor) -> Tensor:
    return torch.stack([soft_cross_entropy(part, targets) for part in logits]).sum()


def mixture_consistency(first: tuple[Tensor, Tensor], second: tuple[Tensor, Tensor]) -> Tensor:
    """Return -cos(p1, sg(z2)) - cos(p2, sg(z1)), averaged over the batch; sg stops the gradient.

    Computed in float32, also under autocast.

    Args:
        first: projections z1 and predictions p1 of one mixture, float (B, d) each.
        second: those of the other mixture.

    Returns float32 (), -2 to 2.

    Source: Du et al., "Global and Local Mixture Consistency Cumulative Learning for Long-Tailed
    Visual Recognitions" (CVPR 2023), L_sim; after Chen and He, "Exploring Simple Siamese
    Representation Learning" (CVPR 2021), equations 1 to 4.
    """
    with torch.autocast(first[0].device.type, enabled=False):
        (z1, p1), (z2, p2) = ([part.float() for part in pair] for pair in (first, second))
        similarity = F.cosine_similarity(p1, z2.detach()) + F.cosine_similarity(p2, z1.detach())
        return -similarity.mean()
