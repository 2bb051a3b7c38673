"""SAU's label correction: the verdict on a batch, and what it remembers from epoch to epoch."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from sau.data.batches import Batch
from sau.losses.class_similarities import class_similarities, standardised
from sau.losses.label_correction import find_noise
from sau.losses.noise_margins import classification_margins, lowest_in_class, trust_of
from sau.losses.score_weights import score_weights
from sau.methods.inputs import MethodContext
from sau.methods.sau_options import MEASURED, SauOptions
from sau.neighbours.bank import EmbeddingBank


class References(NamedTuple):
    """What samples are compared with.

    `prototypes`: float32 (C, 2, d); `bank`: all real embeddings, where they are searched.
    """

    prototypes: Tensor
    bank: EmbeddingBank | None


class Verdict(NamedTuple):
    """What label correction says of a batch.

    `noise`: bool (B,). `trust`: float32 (B,), in place of it; None for a verdict of noise or not.
    `margins`: float32 (B,); None where none are measured.
    """

    noise: Tensor
    trust: Tensor | None = None
    margins: Tensor | None = None


class LabelCorrection(nn.Module):
    """Says which synthetic samples are noise; the rules are options of SAU.

    Args:
        options: of SAU.
        context: the training images; their scores are there if the options read them.
    """

    margins: Tensor
    """Of a budget: what is remembered of each image's margins, float32 (N,); else infinity."""

    def __init__(self, options: SauOptions, context: MethodContext) -> None:
        super().__init__()
        self.options, self.context = options, context
        self.measures = options.label_correction in MEASURED["label_correction"]
        self.reads_logits = options.label_correction == "classifier"
        self.corrects = options.label_correction != "off"
        self.verdicts = torch.empty(0)
        self.prior = _prior(options, context)
        if options.has_budget():
            unseen = torch.full_like(context.labels, torch.inf, dtype=torch.float32)
            self.register_buffer("margins", unseen)

    def start_epoch(self, number: int) -> None:
        """Say whether labels are corrected in an epoch, and which of them a budget calls noise."""
        options, context = self.options, self.context
        is_on = options.label_correction != "off"
        self.corrects = is_on and number >= options.first_corrected()
        if options.has_budget():
            made = context.is_synthetic
            if made is None:
                made = torch.zeros_like(context.labels, dtype=torch.bool)
            share, classes = options.noise_budget, context.classes
            self.verdicts = lowest_in_class(self.margins, context.labels, made, share, classes)

    def epoch_state(self) -> dict[str, Tensor]:
        """Return what the epoch's start has made of margins that have changed since."""
        return {"verdicts": self.verdicts} if self.options.has_budget() else {}

    def load_epoch_state(self, state: dict[str, Tensor]) -> None:
        """Take it back."""
        self.verdicts = state.get("verdicts", self.verdicts)

    @torch.no_grad()
    def verdict(
        self, batch: Batch, features: Tensor, logits: Tensor | None, references: References
    ) -> Verdict:
        """Judge the B images of a batch; this changes nothing that is remembered.

        Args:
            batch: the images.
            features: float (B, 2, d), embeddings of views 2 and 3.
            logits: float (B, 2, C), class scores of both; None unless `reads_logits`.
            references: what is compared with.
        """
        nothing = torch.zeros_like(batch.is_synthetic)
        with torch.autocast(features.device.type, enabled=False):
            if not self.measures:
                if not self.corrects:
                    return Verdict(nothing)
                return Verdict(_by_vote(self.options, batch, features.float(), references))
            margins = self._margins(batch, features.float(), logits, references)
            if not self.corrects:
                return Verdict(nothing, margins=margins)
            if self.options.verdict == "soft":
                temperature = self.options.verdict_temperature
                trust = trust_of(margins, batch.is_synthetic, temperature)
                return Verdict(trust < 0.5, trust, margins)
            budget = self.options.has_budget()
            called = self.verdicts[batch.index] if budget else margins < 0
            return Verdict(batch.is_synthetic & called, margins=margins)

    @torch.no_grad()
    def remember(self, places: Tensor, margins: Tensor | None) -> None:
        """Mix the margins of a step's images, int64 (B,), with those of the epochs before."""
        if margins is None or not self.options.has_budget():
            return
        before = self.margins[places]
        margins = margins.to(before.dtype)
        mean = torch.lerp(margins, before, self.options.margin_memory)
        self.margins[places] = torch.where(before.isinf(), margins, mean)

    def _margins(
        self, batch: Batch, features: Tensor, logits: Tensor | None, references: References
    ) -> Tensor:
        options = self.options
        if logits is not None:
            similar = logits.float().log_softmax(dim=2)
        else:
            similar = class_similarities(
                features,
                *_candidates(options, batch, features, references),
                self.context.classes,
                nearest=options.nearest_per_class,
                tau=options.frequency_tau,
            )
        if options.standardise == "per_class":
            similar = standardised(similar, batch.is_synthetic)
        margins = classification_margins(similar, batch.labels)
        return margins if self.prior is None else margins + self.prior[batch.index]


def _by_vote(options: SauOptions, batch: Batch, features: Tensor, references: References) -> Tensor:
    """Return the paper's verdict, bool (B,)."""
    return find_noise(
        features,
        batch.labels,
        batch.is_synthetic,
        references.prototypes.float(),
        options.neighbours,
        vote=options.vote,
        bank=references.bank,
        among_batch=options.search_scope == "batch",
    )


def _candidates(
    options: SauOptions, batch: Batch, features: Tensor, references: References
) -> tuple[Tensor, Tensor, Tensor]:
    """Return embeddings, labels and which of them are none, where the options search."""
    if references.bank is not None:
        labels = references.bank.labels
        return references.bank.embeddings(), labels, torch.zeros_like(labels, dtype=torch.bool)
    prototypes = references.prototypes.float()
    of_prototypes = torch.arange(len(prototypes), device=prototypes.device)
    in_batch = batch.is_synthetic
    if options.search_scope == "prototypes":
        in_batch = torch.ones_like(in_batch)
    return (
        torch.cat([features, prototypes]),
        torch.cat([batch.labels, of_prototypes]),
        torch.cat([in_batch, torch.zeros_like(of_prototypes, dtype=torch.bool)]),
    )


def _prior(options: SauOptions, context: MethodContext) -> Tensor | None:
    """Return what an image's score adds to its margin, float32 (N,); None where it adds nothing."""
    if options.score_prior == 0 or context.is_synthetic is None or context.scores is None:
        return None
    ranks = score_weights(context.scores, context.labels, context.is_synthetic)
    return options.score_prior * (ranks - 1)
