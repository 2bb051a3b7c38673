"""Options of SAU."""

from typing import Literal

from sau.settings.section import Section, setting

SEARCHED = {"label_correction": ["vote", "similarity"]}
"""Where real embeddings are searched."""

MEASURED = {"label_correction": ["similarity", "classifier"]}
"""Where each class is compared with, so that there is a margin."""

UNUSED = {"contrastive_weight": 0.0}
"""Where there is no contrastive loss, so that nothing about its labels counts."""


class SauOptions(Section):
    """Options of SAU; the defaults are the paper's."""

    noise_strategy: Literal["pos_neg", "drop", "neg_only"] = setting(
        "pos_neg",
        "what noisy samples do in the contrastive loss (L2, L1, L3 of the paper)",
        only_with={"label_correction": ["vote", "similarity", "classifier"]},
        not_with=UNUSED,
    )
    temperature: float = setting(0.1, "of the contrastive loss", above=0, not_with=UNUSED)
    label_correction: Literal["vote", "similarity", "classifier", "off"] = setting(
        "vote",
        "which synthetic samples are noise: by their neighbours' vote (the paper); those more"
        " similar to another class's real images than to their own's; those that the classifier"
        " takes for another class; or none",
        not_with=UNUSED,
    )
    correct_from: int = setting(
        1,
        "epoch of the phase from which labels are corrected",
        unit="epochs",
        minimum=1,
        only_with={"label_correction": ["vote", "similarity", "classifier"]},
        not_with=UNUSED,
    )
    neighbours: int = setting(
        1,
        "k of the label correction's nearest neighbours",
        minimum=1,
        only_with={"label_correction": "vote"},
        not_with=UNUSED,
    )
    vote: Literal["majority", "unanimous", "similarity_weighted"] = setting(
        "majority",
        "how the neighbours settle on a class, where there are several",
        only_with={"label_correction": "vote"},
        not_with=UNUSED,
    )
    search_scope: Literal["batch", "memory", "prototypes"] = setting(
        "batch",
        "where neighbours are searched: the batch's real samples and the prototypes (the paper),"
        " all real embeddings of the epoch's start, or the prototypes alone",
        only_with=SEARCHED,
        not_with=UNUSED,
    )
    search_backend: Literal["torch", "faiss"] = setting(
        "torch",
        "what searches; both find the same neighbours",
        only_with={"search_scope": "memory", "label_correction": "vote"},
        not_with=UNUSED,
    )
    nearest_per_class: int = setting(
        1,
        "m: a class is as similar as the mean of its m nearest candidates",
        minimum=1,
        only_with={"label_correction": "similarity"},
        not_with=UNUSED,
    )
    frequency_tau: float = setting(
        0.0,
        "tau: tau * log of the class's share of the candidates is subtracted from its similarity",
        minimum=0,
        only_with={"label_correction": "similarity"},
        not_with=UNUSED,
    )
    standardise: Literal["no", "per_class"] = setting(
        "no",
        "give each class's similarities mean 0 and deviation 1 over the batch's synthetic samples",
        only_with=MEASURED,
        not_with=UNUSED,
    )
    score_prior: float = setting(
        0.0,
        "added to a synthetic sample's margin: this times the rank of its score in its class, from"
        " -1 for the worst to 1 for the best",
        minimum=0,
        only_with=MEASURED,
        not_with=UNUSED,
    )
    verdict: Literal["hard", "soft"] = setting(
        "hard",
        "noise or not, or a weight between for the sample as one of its class",
        only_with={**MEASURED, "noise_strategy": "pos_neg"},
        not_with=UNUSED,
    )
    verdict_temperature: float = setting(
        0.1,
        "T: a label is trusted by 1 / (1 + exp(-margin / T))",
        above=0,
        only_with={"verdict": "soft"},
        not_with=UNUSED,
    )
    noise_budget: float = setting(
        1.0,
        "most of a class's synthetic images that are noise, those of the lowest margins in the"
        " epochs before; 1: as many as have one below 0, by the step's own margin",
        above=0,
        maximum=1,
        only_with={**MEASURED, "verdict": "hard"},
        not_with=UNUSED,
    )
    margin_memory: float = setting(
        0.5,
        "of the budget: what a remembered margin counts beside the epoch's own",
        minimum=0,
        below=1,
        only_with={**MEASURED, "verdict": "hard"},
        not_with={**UNUSED, "noise_budget": 1.0},
    )
    prototypes: Literal["normalised", "mean"] = setting(
        "normalised",
        "of length 1 (the paper), or plain class means (its code)",
        not_with=UNUSED,
    )
    prototype_images: int = setting(
        1,
        "least images of a prototype: a class with fewer real ones takes the synthetic ones that"
        " are nearest to their mean; 1: real images alone (the paper)",
        unit="images",
        minimum=1,
        not_with=UNUSED,
    )
    mixup_alpha: float = setting(
        1.0, "MixUp ratio is drawn from Beta(alpha, alpha)", above=0, not_with={"mixup_weight": 0.0}
    )
    cutmix_alpha: float = setting(
        1.0,
        "CutMix ratio is drawn from Beta(alpha, alpha)",
        above=0,
        not_with={"cutmix_weight": 0.0},
    )
    cutmix_label: Literal["sampled", "area"] = setting(
        "sampled",
        "mix labels by the sampled ratio (the paper's code) or by the exact pasted area",
        not_with={"cutmix_weight": 0.0},
    )
    mixup_weight: float = setting(
        1.0,
        "lambda, weight of the MixUp loss; with this and beta at 0 there is plain cross-entropy",
        minimum=0,
    )
    cutmix_weight: float = setting(1.0, "beta, weight of the CutMix loss", minimum=0)
    contrastive_weight: float = setting(1.0, "gamma, weight of the contrastive loss", minimum=0)
    weighting: Literal["uniform", "score", "domain"] = setting(
        "uniform",
        "what an image counts in the other losses: 1; a synthetic one from 2 for the best score of"
        " its class to 0 for the worst; or a real one real_weight times a synthetic one",
    )
    real_weight: float = setting(
        2.0,
        "what a real image counts beside a synthetic one of its class, whose mean stays 1",
        above=0,
        only_with={"weighting": "domain"},
    )

    batch_norm: Literal["joint", "apart"] = setting(
        "joint",
        "whose mean and variance normalise an image in training: those of all images of its pass;"
        " or those of its own kind, real or synthetic, tests then going by the real ones'. A mixed"
        " image is real where both of its parts are",
    )

    def has_budget(self) -> bool:
        """Return whether a class may have no more than a share of noise."""
        return self.noise_budget < 1

    def first_corrected(self) -> int:
        """Return the first epoch with noise: a budget ranks the margins of one before."""
        return max(self.correct_from, 2) if self.has_budget() else self.correct_from
