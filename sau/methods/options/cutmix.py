"""Options of CutMix."""

import dataclasses
from typing import ClassVar, Literal

from sau.settings.section import Section, setting


@dataclasses.dataclass(frozen=True)
class CutmixOptions(Section):
    """Options of CutMix alone; the defaults are the authors' for CIFAR."""

    section: ClassVar[str] = "training.options"

    alpha: float = setting(1.0, "the ratio is drawn from Beta(alpha, alpha)", above=0)
    label: Literal["area", "sampled"] = setting(
        "area", "mix labels by the exact pasted area or by the sampled ratio"
    )
    probability: float = setting(
        0.5, "share of the batches that are mixed; 1 for ImageNet", above=0, maximum=1
    )
