"""Options of SAU."""

import dataclasses
from typing import ClassVar, Literal

from sau.core.errors import UserError
from sau.settings.section import Section, setting


@dataclasses.dataclass(frozen=True)
class SauOptions(Section):
    """Options of SAU; the defaults are the paper's."""

    section: ClassVar[str] = "training.options"

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
        "torch", "scope memory: what searches; both find the same neighbours"
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

    def check(self) -> None:
        """Refuse a search back end for what is not searched."""
        if self.search_backend == "faiss" and self.search_scope == "batch":
            raise UserError(
                "training.options.search_backend: faiss, but search_scope batch searches nothing "
                "but the batch; set search_scope to memory, or leave search_backend out"
            )
