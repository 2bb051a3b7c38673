"""SAU: mixed labels that do not care what is synthetic, and a contrastive loss that does."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from sau.core.errors import UserError
from sau.data.batches import Batch
from sau.data.sets import TrainingData
from sau.losses.contrastive import synthetic_aware_loss
from sau.losses.score_weights import score_weights
from sau.methods.base import Epoch, Losses, Method, Task
from sau.methods.options import SauOptions
from sau.methods.prototypes import (
    PROTOTYPE_VIEWS,
    class_prototypes,
    embed_real,
    prototypes_of,
)
from sau.neighbours import Memory, load_faiss
from sau.networks import Network
from sau.settings.section import Section
from sau.views import mixing


class Sau(Method):
    """The dual-branch method: lambda * MixUp + beta * CutMix + gamma * contrastive loss.

    A part with weight 0 is not computed, nor are its views. Without MixUp and CutMix the
    classifier learns from plain cross-entropy, so that the contrastive loss can stand alone.

    Source: SAU: A Dual-Branch Network to Enhance Long-Tailed Recognition via Generative Models
    (ICONIP 2024).
    """

    def __init__(self, options: Section, task: Task) -> None:
        super().__init__(options, task)
        assert isinstance(options, SauOptions)
        self.sau = options
        self.mixes = options.mixup_weight > 0 or options.cutmix_weight > 0
        self.needs_projection = options.contrastive_weight > 0
        self.views = ("v1", *PROTOTYPE_VIEWS) if self.needs_projection else ("v1",)
        self.second_views = ("v1",) if self.mixes else ()
        self.prototypes = torch.empty(0)
        self.memory: Memory | None = None
        self.found = torch.empty(0)
        self.tallies = torch.empty(0)
        self.weights: Tensor | None = None

    def check(self, data: TrainingData) -> None:
        """Refuse what the options cannot be carried out with, and weigh the images.

        Raises:
            UserError: a synthetic image without a score, where scores weigh; a class without a
                real image; a search back end that is not there.
        """
        if self.sau.weighting == "score":
            self.weights = _weights(data)
        if not self.needs_projection:
            return
        if (self.sau.search_scope, self.sau.search_backend) == ("memory", "faiss"):
            load_faiss(self.task.device)
        counts = torch.bincount(data.labels[~data.is_synthetic], minlength=self.task.classes)
        empty = (counts == 0).nonzero()[:, 0].tolist()
        if empty:
            raise UserError(
                f"training.method: sau needs a real training image of each class, but class "
                f"{empty[0]} has none; lower the imbalance factor or set "
                "training.options.contrastive_weight to 0"
            )

    def start_epoch(self, epoch: Epoch) -> None:
        """Compute the epoch's prototypes and start its tallies."""
        self.tallies = torch.zeros(self.task.classes, 2, dtype=torch.int64, device=self.task.device)
        if self.needs_projection:
            self._embed_real(epoch)

    def epoch_state(self) -> dict[str, Tensor]:
        """Return prototypes, tallies and the memory of the epoch's start."""
        state = {"tallies": self.tallies, "prototypes": self.prototypes}
        if self.memory is not None:
            state |= {"embeddings": self.memory.embeddings(), "labels": self.memory.labels}
        return state

    def load_epoch_state(self, state: dict[str, Tensor]) -> None:
        """Take them back."""
        state = {name: value.to(self.task.device) for name, value in state.items()}
        self.tallies, self.prototypes = state["tallies"], state["prototypes"]
        if "embeddings" in state:
            backend = self.sau.search_backend
            self.memory = Memory.of(state["embeddings"], state["labels"], backend)

    def loss(
        self, batch: Batch, second: Batch | None, network: Network, generator: np.random.Generator
    ) -> Losses:
        """Return `total` and its parts.

        Each of the four passes through the network is one of its own, as in the published code:
        BatchNorm's statistics are those of one kind of view, not of all four together.
        """
        losses: Losses = {}
        if self.sau.mixup_weight > 0:
            losses["mixup"] = self._mixup(batch, second, network, generator)
        if self.sau.cutmix_weight > 0:
            losses["cutmix"] = self._cutmix(batch, second, network, generator)
        if not self.mixes:
            losses["cross_entropy"] = self._cross_entropy(batch, network)
        if self.needs_projection:
            losses["contrastive"] = self._contrastive(batch, network)
        weights = {
            "mixup": self.sau.mixup_weight,
            "cutmix": self.sau.cutmix_weight,
            "contrastive": self.sau.contrastive_weight,
            "cross_entropy": 1.0,
        }
        weighted = [weights[name] * value for name, value in losses.items()]
        return {"total": torch.stack(weighted).sum()} | losses

    def after_step(self, network: Network) -> None:
        """Add what label correction found in the step's batch."""
        del network
        if self.needs_projection:
            self.tallies += self.found

    def end_epoch(self) -> Tensor | None:
        """Return the epoch's synthetic and noisy samples by class, int64 (C, 2)."""
        return self.tallies if self.needs_projection else None

    def _embed_real(self, epoch: Epoch) -> None:
        """Compute the prototypes, and keep all real embeddings if they are searched."""
        arguments = epoch.network, epoch.data, epoch.views
        classes, normalise = self.task.classes, self.sau.prototypes == "normalised"
        if self.sau.search_scope == "batch":
            self.prototypes = class_prototypes(
                *(*arguments, classes, epoch.batch_size, epoch.generator),
                normalise=normalise,
                ranks=epoch.ranks,
            )
            return
        embeddings, labels = embed_real(*arguments, epoch.batch_size, epoch.generator, epoch.ranks)
        self.prototypes = prototypes_of(embeddings, labels, classes, normalise=normalise)
        self.memory = Memory.of(embeddings, labels, self.sau.search_backend)

    def _mixup(
        self, batch: Batch, second: Batch | None, network: Network, generator: np.random.Generator
    ) -> Tensor:
        assert second is not None
        ratio = float(generator.beta(self.sau.mixup_alpha, self.sau.mixup_alpha))
        images = mixing.mixup(batch.views["v1"], second.views["v1"], ratio)
        targets = self._targets(batch, second, ratio)
        return mixing.soft_cross_entropy(network.logits(images), targets)

    def _cutmix(
        self, batch: Batch, second: Batch | None, network: Network, generator: np.random.Generator
    ) -> Tensor:
        assert second is not None
        drawn = float(generator.beta(self.sau.cutmix_alpha, self.sau.cutmix_alpha))
        images, kept = mixing.cutmix(batch.views["v1"], second.views["v1"], drawn, generator)
        ratio = drawn if self.sau.cutmix_label == "sampled" else kept
        targets = self._targets(batch, second, ratio)
        return mixing.soft_cross_entropy(network.logits(images), targets)

    def _cross_entropy(self, batch: Batch, network: Network) -> Tensor:
        logits = network.logits(batch.views["v1"])
        if self.weights is None:
            return F.cross_entropy(logits, batch.labels)
        each = F.cross_entropy(logits, batch.labels, reduction="none")
        return (self.weights[batch.index] * each).mean()

    def _targets(self, first: Batch, second: Batch, ratio: float) -> Tensor:
        """Mix the labels of two batches, each image counting what it weighs."""
        weights = None
        if self.weights is not None:
            weights = self.weights[first.index], self.weights[second.index]
        labels = first.labels, second.labels
        return mixing.mix_labels(*labels, ratio, self.task.classes, weights)

    def _contrastive(self, batch: Batch, network: Network) -> Tensor:
        embeddings = [network.embeddings(batch.views[name]) for name in PROTOTYPE_VIEWS]
        loss, noise = synthetic_aware_loss(
            torch.stack(embeddings, dim=1),
            batch.labels,
            batch.is_synthetic,
            self.prototypes,
            temperature=self.sau.temperature,
            noise_strategy=self.sau.noise_strategy,
            neighbours=self.sau.neighbours,
            vote=self.sau.vote,
            memory=self.memory,
        )
        belongs = batch.labels == torch.arange(self.task.classes, device=self.task.device)[:, None]
        found = torch.stack([batch.is_synthetic, noise])
        self.found = (belongs[:, None] & found).sum(dim=2)
        return loss


def _weights(data: TrainingData) -> Tensor:
    missing = int((data.is_synthetic & ~data.scores.isfinite()).sum())
    if missing:
        raise UserError(
            f"training.options.weighting: score, but {missing} of {int(data.is_synthetic.sum())} "
            "synthetic images have none; set it to uniform, or score the images with scores.scorer "
            "open_clip"
        )
    return score_weights(data.scores, data.labels, data.is_synthetic)
