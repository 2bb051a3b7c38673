"""Options of SURE."""

import dataclasses
from typing import ClassVar

from sau.settings.section import Section, setting


@dataclasses.dataclass(frozen=True)
class SureOptions(Section):
    """Options of SURE; the defaults are those of the authors' scripts for long-tailed CIFAR."""

    section: ClassVar[str] = "training.options"

    scale: float = setting(8.0, "of the cosine classifier's scores", above=0)
    mixup_weight: float = setting(
        1.0, "of the mixtures' cross-entropy (RegMixup); 0: without it", minimum=0
    )
    mixup_alpha: float = setting(10.0, "the ratio is drawn from Beta(alpha, alpha)", above=0)
    ranking_weight: float = setting(
        0.0, "of the correctness ranking loss; 0: without it", minimum=0
    )
    reweight_temperature: float = setting(
        0.0,
        "t: images are weighted by exp(-t * confidence), measured at the stage's start, as in the"
        " authors' second stage; 0: all alike",
        minimum=0,
    )
