"""Options of GLMC."""

import dataclasses
from typing import ClassVar, Literal

from sau.settings.section import Section, setting


@dataclasses.dataclass(frozen=True)
class GlmcOptions(Section):
    """Options of GLMC; the defaults are the authors' for CIFAR-100-LT with imbalance factor 100."""

    section: ClassVar[str] = "training.options"

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
