"""SAU: mixed labels that do not care what is synthetic, and a contrastive loss that does."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from sau.data.batches import Batch
from sau.losses.classification import soft_cross_entropy
from sau.losses.contrastive import synthetic_aware_loss
from sau.losses.noise_counts import COUNTED, noise_counts
from sau.losses.score_weights import score_weights
from sau.methods.base import Epoch, Losses, Method, MethodContext, OptionError, Step
from sau.methods.prototypes import PROTOTYPE_VIEWS, class_prototypes, embed_all, prototypes_of
from sau.neighbours import EmbeddingBank, check_search
from sau.networks.protocol import MethodNetwork
from sau.settings.section import Section, setting
from sau.views import mixing


class SauOptions(Section):
    """Options of SAU; the defaults are the paper's."""

    noise_strategy: Literal["pos_neg", "drop", "neg_only"] = setting(
        "pos_neg", "what noisy samples do in the contrastive loss (L2, L1, L3 of the paper)"
    )
    temperature: float = setting(0.1, "of the contrastive loss", above=0)
    neighbours: int = setting(1, "k of the label correction's nearest neighbours", minimum=1)
    vote: Literal["majority", "unanimous", "similarity_weighted"] = setting(
        "majority", "how the neighbours settle on a class, where there are several"
    )
    search_scope: Literal["batch", "memory"] = setting(
        "batch",
        "where neighbours are searched: the batch's real samples and the prototypes (the paper), or"
        " all real embeddings of the epoch's start",
    )
    search_backend: Literal["torch", "faiss"] = setting(
        "torch",
        "what searches; both find the same neighbours",
        only_with={"search_scope": "memory"},
    )
    prototypes: Literal["normalised", "mean"] = setting(
        "normalised", "of length 1 (the paper), or plain class means (its code)"
    )
    mixup_alpha: float = setting(1.0, "MixUp ratio is drawn from Beta(alpha, alpha)", above=0)
    cutmix_alpha: float = setting(1.0, "CutMix ratio is drawn from Beta(alpha, alpha)", above=0)
    cutmix_label: Literal["sampled", "area"] = setting(
        "sampled", "mix labels by the sampled ratio (the paper's code) or by the exact pasted area"
    )
    mixup_weight: float = setting(
        1.0,
        "lambda, weight of the MixUp loss; with this and beta at 0 there is plain cross-entropy",
        minimum=0,
    )
    cutmix_weight: float = setting(1.0, "beta, weight of the CutMix loss", minimum=0)
    contrastive_weight: float = setting(1.0, "gamma, weight of the contrastive loss", minimum=0)
    weighting: Literal["uniform", "score"] = setting(
        "uniform",
        "what a synthetic image counts in the other losses: 1, or from 2 for the best score of its"
        " class to 0 for the worst",
    )


class Sau(Method[SauOptions]):
    """The dual-branch method: lambda * MixUp + beta * CutMix + gamma * contrastive loss.

    A part with weight 0 is not computed, nor are its views. Without MixUp and CutMix the
    classifier learns from plain cross-entropy, so that the contrastive loss can stand alone.

    Source: SAU: A Dual-Branch Network to Enhance Long-Tailed Recognition via Generative Models
    (ICONIP 2024).
    """

    title = "SAU"
    source = "ICONIP 2024"
    Options = SauOptions

    def __init__(self, options: SauOptions, context: MethodContext) -> None:
        super().__init__(options, context)
        self.mixes = options.mixup_weight > 0 or options.cutmix_weight > 0
        self.needs_projection = options.contrastive_weight > 0
        self.views = ("v1", *PROTOTYPE_VIEWS) if self.needs_projection else ("v1",)
        self.second_views = ("v1",) if self.mixes else ()
        self.prototypes = torch.empty(0)
        self.bank: EmbeddingBank | None = None
        self.found = torch.empty(0)
        self.tallies = torch.empty(0)
        self.weights = _weights(context) if options.weighting == "score" else None
        if self.needs_projection:
            _check_neighbours(options, context)

    def start_epoch(self, epoch: Epoch) -> None:
        """Compute the epoch's prototypes and start its tallies."""
        self.tallies = torch.zeros(
            self.context.classes, COUNTED, dtype=torch.int64, device=self.context.device
        )
        if self.needs_projection:
            self._embed_real(epoch)

    def epoch_state(self) -> dict[str, Tensor]:
        """Return prototypes, tallies and the bank of the epoch's start."""
        state = {"tallies": self.tallies, "prototypes": self.prototypes}
        if self.bank is not None:
            state |= {"embeddings": self.bank.embeddings(), "labels": self.bank.labels}
        return state

    def load_epoch_state(self, state: dict[str, Tensor]) -> None:
        """Take them back."""
        state = {name: value.to(self.context.device) for name, value in state.items()}
        self.tallies, self.prototypes = state["tallies"], state["prototypes"]
        if "embeddings" in state:
            backend = self.options.search_backend
            self.bank = EmbeddingBank.of(state["embeddings"], state["labels"], backend)

    def loss(self, step: Step) -> Losses:
        """Return `total` and its parts.

        Each of the four passes through the network is one of its own, as in the published code:
        BatchNorm's statistics are those of one kind of view, not of all four together.
        """
        options = self.options
        losses: Losses = {}
        if options.mixup_weight > 0:
            losses["mixup"] = self._mixup(step)
        if options.cutmix_weight > 0:
            losses["cutmix"] = self._cutmix(step)
        if not self.mixes:
            losses["cross_entropy"] = self._cross_entropy(step)
        if self.needs_projection:
            losses["contrastive"] = self._contrastive(step)
        weights = {
            "mixup": options.mixup_weight,
            "cutmix": options.cutmix_weight,
            "contrastive": options.contrastive_weight,
            "cross_entropy": 1.0,
        }
        weighted = [weights[name] * value for name, value in losses.items()]
        return {"total": torch.stack(weighted).sum()} | losses

    def after_step(self, network: MethodNetwork) -> None:
        """Add what label correction found in the step's batch."""
        del network
        if self.needs_projection:
            self.tallies += self.found

    def end_epoch(self) -> Tensor | None:
        """Return the epoch's synthetic and noisy samples by class; see `noise_counts`."""
        return self.tallies if self.needs_projection else None

    def _embed_real(self, epoch: Epoch) -> None:
        """Compute the prototypes, and keep all real embeddings if they are searched."""
        batches = epoch.real(PROTOTYPE_VIEWS)
        classes, normalise = self.context.classes, self.options.prototypes == "normalised"
        if self.options.search_scope == "batch":
            self.prototypes = class_prototypes(epoch.network, batches, classes, normalise=normalise)
            return
        embeddings, labels = embed_all(epoch.network, batches)
        self.prototypes = prototypes_of(embeddings, labels, classes, normalise=normalise)
        self.bank = EmbeddingBank.of(embeddings, labels, self.options.search_backend)

    def _mixup(self, step: Step) -> Tensor:
        (batch, second), alpha = step.pair, self.options.mixup_alpha
        ratio = float(step.generator.beta(alpha, alpha))
        images = mixing.mixup(batch.views["v1"], second.views["v1"], ratio)
        targets = self._targets(batch, second, ratio)
        return soft_cross_entropy(step.network.logits(images), targets)

    def _cutmix(self, step: Step) -> Tensor:
        (batch, second), alpha = step.pair, self.options.cutmix_alpha
        drawn = float(step.generator.beta(alpha, alpha))
        views = batch.views["v1"], second.views["v1"]
        images, kept = mixing.cutmix(*views, drawn, step.generator)
        ratio = drawn if self.options.cutmix_label == "sampled" else kept
        targets = self._targets(batch, second, ratio)
        return soft_cross_entropy(step.network.logits(images), targets)

    def _cross_entropy(self, step: Step) -> Tensor:
        batch = step.batch
        logits = step.network.logits(batch.views["v1"])
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
        return mixing.mix_labels(*labels, ratio, self.context.classes, weights)

    def _contrastive(self, step: Step) -> Tensor:
        batch, options = step.batch, self.options
        embeddings = [step.network.embeddings(batch.views[name]) for name in PROTOTYPE_VIEWS]
        loss, noise = synthetic_aware_loss(
            torch.stack(embeddings, dim=1),
            batch.labels,
            batch.is_synthetic,
            self.prototypes,
            temperature=options.temperature,
            noise_strategy=options.noise_strategy,
            neighbours=options.neighbours,
            vote=options.vote,
            bank=self.bank,
        )
        true = self.context.true_labels
        self.found = noise_counts(
            batch.labels,
            batch.is_synthetic,
            noise,
            self.context.classes,
            None if true is None else true[batch.index],
        )
        return loss


def _weights(context: MethodContext) -> Tensor | None:
    """Return what each training image counts, float32 (N,); None where all count the same."""
    is_synthetic = context.is_synthetic
    if is_synthetic is None:
        return None
    scores = context.scores
    if scores is None:
        scores = torch.full_like(context.labels, torch.nan, dtype=torch.float32)
    missing = int((is_synthetic & ~scores.isfinite()).sum())
    if missing:
        raise OptionError(
            f"weighting: score, but {missing} of {int(is_synthetic.sum())} synthetic images have "
            "none; set it to uniform, or give each of them a score"
        )
    return score_weights(scores, context.labels, is_synthetic)


def _check_neighbours(options: SauOptions, context: MethodContext) -> None:
    """Refuse classes without a prototype, and a search back end that is not there."""
    if options.search_scope == "memory":
        real = int(context.real_counts.sum())
        try:
            check_search(options.search_backend, context.device, options.neighbours, real)
        except ValueError as error:  # it begins with "backend"
            raise OptionError(f"search_{error}") from error
    empty = (context.real_counts == 0).nonzero()[:, 0].tolist()
    if empty:
        raise OptionError(
            f"contrastive_weight: {options.contrastive_weight:g} needs a real training image of "
            f"each class, but class {empty[0]} has none; set it to 0, or keep one of each class"
        )
