"""Options of the class-balanced focal loss."""

import dataclasses
from typing import ClassVar

from sau.settings.section import Section, setting


@dataclasses.dataclass(frozen=True)
class CbFocalOptions(Section):
    """Options of the class-balanced focal loss; the defaults are the paper's for CIFAR-10-LT."""

    section: ClassVar[str] = "training.options"

    beta: float = setting(
        0.9999,
        "of the effective number of images; 0: all classes alike, towards 1: inverse frequency",
        minimum=0,
        maximum=0.999999999,
    )
    gamma: float = setting(1.0, "focus on hard examples; 0: binary cross-entropy", minimum=0)
