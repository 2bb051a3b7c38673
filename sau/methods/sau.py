"""SAU: mixed labels that do not care what is synthetic, and a contrastive loss that does."""

from collections.abc import Iterable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from sau.core.errors import ArgumentError
from sau.data.batches import Batch
from sau.losses.classification import soft_cross_entropy
from sau.losses.contrastive import contrastive_loss
from sau.losses.domain_weights import domain_weights
from sau.losses.noise_counts import COUNTED, noise_counts
from sau.losses.score_weights import score_weights
from sau.losses.soft_contrastive import trusting_contrastive_loss
from sau.methods.base import Epoch, Losses, Method, MethodContext, OptionError, Step
from sau.methods.correction import LabelCorrection, References
from sau.methods.prototypes import (
    PROTOTYPE_VIEWS,
    class_prototypes,
    embed_all,
    filled_prototypes,
    prototypes_of,
)
from sau.methods.sau_options import SauOptions
from sau.neighbours.bank import EmbeddingBank
from sau.neighbours.exact import check_search
from sau.networks.domain_batch_norm import DomainBatchNorm, rows_of, separate
from sau.networks.protocol import MethodNetwork
from sau.views import mixing


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
        self.seen: tuple[Tensor, Tensor | None] = (torch.empty(0), None)
        self.weights = _weights(options, context)
        self.norms: list[DomainBatchNorm] = []
        self.correction: LabelCorrection | None = None
        if self.needs_projection:
            _check_neighbours(options, context)
            if options.score_prior > 0:
                _check_scores(f"score_prior: {options.score_prior:g}", "0", context)
            self.correction = LabelCorrection(options, context)

    def attach(self, network: MethodNetwork) -> None:
        """Let the network's BatchNorm know both kinds of images, if they are normalised apart."""
        if self.options.batch_norm == "apart" and self.context.is_synthetic is not None:
            try:
                self.norms = separate(network)
            except ArgumentError as error:
                raise OptionError(f"batch_norm: apart, but {error}") from error
            if not self.norms:
                raise OptionError(
                    "batch_norm: apart, but the network has no BatchNorm; leave it out"
                )

    def start_epoch(self, epoch: Epoch) -> None:
        """Compute the epoch's prototypes and start its tallies."""
        self.tallies = torch.zeros(
            self.context.classes, COUNTED, dtype=torch.int64, device=self.context.device
        )
        if self.correction is not None:
            self._embed_real(epoch)
            self.correction.start_epoch(epoch.number)

    def epoch_state(self) -> dict[str, Tensor]:
        """Return prototypes, tallies, verdicts and the bank of the epoch's start."""
        state = {"tallies": self.tallies, "prototypes": self.prototypes}
        if self.correction is not None:
            state |= self.correction.epoch_state()
        if self.bank is not None:
            state |= {"embeddings": self.bank.embeddings(), "labels": self.bank.labels}
        return state

    def load_epoch_state(self, state: dict[str, Tensor]) -> None:
        """Take them back."""
        state = {name: value.to(self.context.device) for name, value in state.items()}
        self.tallies, self.prototypes = state["tallies"], state["prototypes"]
        if self.correction is not None:
            self.correction.load_epoch_state(state)
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
        """Add what label correction found in the step's batch, and remember its margins."""
        del network
        if self.correction is not None:
            self.tallies += self.found
            self.correction.remember(*self.seen)

    def end_epoch(self) -> Tensor | None:
        """Return the epoch's synthetic and noisy samples by class; see `noise_counts`."""
        return self.tallies if self.correction is not None and self.correction.corrects else None

    def _embed_real(self, epoch: Epoch) -> None:
        """Compute the prototypes, and keep all real embeddings if they are searched."""
        options, classes = self.options, self.context.classes
        normalise = options.prototypes == "normalised"
        is_searched = options.search_scope == "memory"
        if options.prototype_images > 1 and self.context.is_synthetic is not None:
            flags: list[Tensor] = []
            noted = _noting(epoch.all(PROTOTYPE_VIEWS), flags)
            embeddings, labels = embed_all(epoch.network, noted)
            made = torch.cat(flags)
            self.prototypes = filled_prototypes(
                embeddings, labels, made, classes, options.prototype_images, normalise=normalise
            )
            if is_searched:
                embeddings, labels = embeddings[~made], labels[~made]
        elif is_searched:
            embeddings, labels = embed_all(epoch.network, epoch.real(PROTOTYPE_VIEWS))
            self.prototypes = prototypes_of(embeddings, labels, classes, normalise=normalise)
        else:
            images = epoch.real(PROTOTYPE_VIEWS)
            self.prototypes = class_prototypes(epoch.network, images, classes, normalise=normalise)
        if is_searched:
            self.bank = EmbeddingBank.of(embeddings, labels, options.search_backend)

    def _mixup(self, step: Step) -> Tensor:
        (batch, second), alpha = step.pair, self.options.mixup_alpha
        ratio = float(step.generator.beta(alpha, alpha))
        images = mixing.mixup(batch.views["v1"], second.views["v1"], ratio)
        targets = self._targets(batch, second, ratio)
        return soft_cross_entropy(self._mixed_logits(step, images), targets)

    def _cutmix(self, step: Step) -> Tensor:
        (batch, second), alpha = step.pair, self.options.cutmix_alpha
        drawn = float(step.generator.beta(alpha, alpha))
        views = batch.views["v1"], second.views["v1"]
        images, kept = mixing.cutmix(*views, drawn, step.generator)
        ratio = drawn if self.options.cutmix_label == "sampled" else kept
        targets = self._targets(batch, second, ratio)
        return soft_cross_entropy(self._mixed_logits(step, images), targets)

    def _mixed_logits(self, step: Step, images: Tensor) -> Tensor:
        """Return class scores of mixed images, which are real where both of their parts are."""
        batch, second = step.pair
        with rows_of(self.norms, batch.is_synthetic | second.is_synthetic):
            return step.network.logits(images)

    def _cross_entropy(self, step: Step) -> Tensor:
        batch = step.batch
        with rows_of(self.norms, batch.is_synthetic):
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
        assert self.correction is not None
        with rows_of(self.norms, batch.is_synthetic):
            features, logits = self._embedded(step)
        references = References(self.prototypes, self.bank)
        verdict = self.correction.verdict(batch, features, logits, references)
        true = self.context.true_labels
        self.seen = batch.index, verdict.margins
        self.found = noise_counts(
            batch.labels,
            batch.is_synthetic,
            verdict.noise,
            self.context.classes,
            None if true is None else true[batch.index],
        )
        of_batch, temperature = (features, batch.labels), options.temperature
        if verdict.trust is not None:
            return trusting_contrastive_loss(
                *of_batch, verdict.trust, self.prototypes, temperature=temperature
            )
        return contrastive_loss(
            *of_batch,
            verdict.noise,
            self.prototypes,
            temperature=temperature,
            noise_strategy=options.noise_strategy,
        )

    def _embedded(self, step: Step) -> tuple[Tensor, Tensor | None]:
        """Return embeddings of views 2 and 3, (B, 2, d), and class scores if they are compared."""
        views, network = [step.batch.views[name] for name in PROTOTYPE_VIEWS], step.network
        if self.correction is None or not self.correction.reads_logits:
            return torch.stack([network.embeddings(view) for view in views], dim=1), None
        features = [network.features(view) for view in views]
        embeddings = torch.stack([network.project(each) for each in features], dim=1)
        with torch.no_grad():  # what is judged must not learn from it
            return embeddings, torch.stack([network.classify(each) for each in features], dim=1)


def _noting(batches: Iterable[Batch], flags: list[Tensor]) -> Iterator[Batch]:
    """Yield the batches, and add which of their images are synthetic to `flags`."""
    for batch in batches:
        flags.append(batch.is_synthetic)
        yield batch


def _weights(options: SauOptions, context: MethodContext) -> Tensor | None:
    """Return what each training image counts, float32 (N,); None where all count the same."""
    is_synthetic = context.is_synthetic
    if options.weighting == "uniform" or is_synthetic is None:
        return None
    if options.weighting == "domain":
        return domain_weights(context.labels, is_synthetic, context.classes, options.real_weight)
    _check_scores("weighting: score", "uniform", context)
    assert context.scores is not None
    return score_weights(context.scores, context.labels, is_synthetic)


def _check_scores(option: str, instead: str, context: MethodContext) -> None:
    """Refuse an option that reads scores where synthetic images have none."""
    made, scores = context.is_synthetic, context.scores
    if made is None:
        return
    if scores is None:
        scores = torch.full_like(context.labels, torch.nan, dtype=torch.float32)
    missing = int((made & ~scores.isfinite()).sum())
    if missing:
        raise OptionError(
            f"{option}, but {missing} of {int(made.sum())} synthetic images have "
            f"none; set it to {instead}, or give each of them a score"
        )


def _check_neighbours(options: SauOptions, context: MethodContext) -> None:
    """Refuse classes without a prototype, and a search back end that is not there."""
    if options.search_scope == "memory" and options.label_correction == "vote":
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
