"""Options of LDAM with deferred re-weighting."""

import dataclasses
from typing import ClassVar

from sau.settings.section import Section, setting


@dataclasses.dataclass(frozen=True)
class LdamDrwOptions(Section):
    """Options of LDAM-DRW; the defaults are the authors' for CIFAR."""

    section: ClassVar[str] = "training.options"

    largest_margin: float = setting(
        0.5, "margin of the rarest class, as a cosine; others by n^(-1/4)", above=0
    )
    scale: float = setting(30.0, "of the cosine classifier's logits", above=0)
    beta: float = setting(
        0.9999,
        "of the effective number of images, for the weights; towards 1: inverse frequency",
        minimum=0,
        maximum=0.999999999,
    )
    reweight_from: float = setting(
        0.8,
        "share of the epochs before classes are weighted; 0: from the start, 1: never",
        minimum=0,
        maximum=1,
    )
