"""GLMC: two mixtures of the same images that agree, and labels that turn to the rare classes."""

import numpy as np
import torch
from torch import Tensor, nn

from sau.data.batches import Batch
from sau.losses.class_weights import inverse_frequency_weights
from sau.losses.mixture_consistency import mixture_consistency
from sau.methods.base import Epoch, Losses, Method, Task
from sau.methods.options import GlmcOptions
from sau.networks import Network, initialise
from sau.settings.section import Section
from sau.views import ViewName, mixing

AGAIN: dict[str, ViewName] = {"v1": "v1_again", "v2": "v2_again"}


class Glmc(Method):
    """MixUp and CutMix of two batches, a conventional head, a rebalanced one, and consistency.

    The network's classifier is the rebalanced head; the other heads are left behind at test time.
    The loss is a * CE + (1 - a) * CE_rebalanced + eta * consistency, a = 1 - (t / T)^2 in epoch t,
    counted from 0, of T. Both cross-entropies are sums over the two mixtures.

    Source: Du et al., "Global and Local Mixture Consistency Cumulative Learning for Long-Tailed
    Visual Recognitions" (CVPR 2023).
    """

    classifier = "linear"

    def __init__(self, options: Section, task: Task) -> None:
        super().__init__(options, task)
        assert isinstance(options, GlmcOptions)
        self.glmc = options
        self.views = self.second_views = (options.view, AGAIN[options.view])
        self.label_weights = inverse_frequency_weights(task.class_counts, options.reweight_power)
        self.conventional_share = 1.0
        self.conventional = nn.Linear(task.feature_size, task.classes)
        self.projection: nn.Linear | None = None
        self.predictor: nn.Linear | None = None
        if options.consistency_weight > 0:
            self.projection = nn.Linear(task.feature_size, task.embedding_size)
            self.predictor = nn.Linear(task.embedding_size, task.embedding_size)
        initialise(self)

    def second_class_weights(self) -> Tensor:
        """Return (1 / class size)^q, float32 (C,), scaled to a mean of 1."""
        return inverse_frequency_weights(self.task.class_counts, self.glmc.resample_power)

    def start_epoch(self, epoch: Epoch) -> None:
        """Set the share of the conventional head's loss, a."""
        self.conventional_share = 1 - ((epoch.number - 1) / self.task.epochs) ** 2

    def loss(
        self, batch: Batch, second: Batch | None, network: Network, generator: np.random.Generator
    ) -> Losses:
        """Return `total` and its parts `conventional`, `rebalanced` and `consistency`.

        Each mixture goes through the network by itself, as in the published code, so BatchNorm's
        statistics are those of one kind of mixture.
        """
        assert second is not None
        mixtures, targets = self._mix(batch, second, generator)
        features = [network.features(images) for images in mixtures]
        conventional = [self.conventional(part) for part in features]
        rebalanced = [network.classify(part) for part in features]
        losses = {
            "conventional": _summed_cross_entropy(conventional, targets),
            "rebalanced": _summed_cross_entropy(rebalanced, targets * self.label_weights),
        }
        share = self.conventional_share
        total = share * losses["conventional"] + (1 - share) * losses["rebalanced"]
        if self.glmc.consistency_weight > 0:
            losses["consistency"] = self._consistency(features, network)
            total = total + self.glmc.consistency_weight * losses["consistency"]
        return {"total": total} | losses

    def _mix(
        self, batch: Batch, second: Batch, generator: np.random.Generator
    ) -> tuple[list[Tensor], Tensor]:
        """Return the MixUp and the CutMix of two batches, and the labels of both, (B, C)."""
        ratio = float(generator.beta(self.glmc.mixup_alpha, self.glmc.mixup_alpha))
        once, again = self.views
        by_mixup = mixing.mixup(batch.views[once], second.views[once], ratio)
        by_cutmix, _ = mixing.cutmix(batch.views[again], second.views[again], ratio, generator)
        targets = mixing.mix_labels(batch.labels, second.labels, ratio, self.task.classes)
        return [by_mixup, by_cutmix], targets

    def _consistency(self, features: list[Tensor], network: Network) -> Tensor:
        assert self.projection is not None
        assert self.predictor is not None
        projected = [network.through(self.projection, part) for part in features]
        predicted = [network.through(self.predictor, part) for part in projected]
        first, second = zip(projected, predicted, strict=True)
        return mixture_consistency(first, second)


def _summed_cross_entropy(logits: list[Tensor], targets: Tensor) -> Tensor:
    return torch.stack([mixing.soft_cross_entropy(part, targets) for part in logits]).sum()
