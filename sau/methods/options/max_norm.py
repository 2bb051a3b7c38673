"""Options of MaxNorm."""

import dataclasses
from typing import ClassVar, Literal

from sau.settings.section import Section, setting


@dataclasses.dataclass(frozen=True)
class MaxNormOptions(Section):
    """Options of MaxNorm; the defaults are the authors' for CIFAR-100-LT, but for the loss."""

    section: ClassVar[str] = "training.options"

    threshold: float = setting(
        0.1,
        "the ball's radius, from the smallest (0) to the largest (1) norm of a class's weights at"
        " the stage's start",
        minimum=0,
        maximum=1,
    )
    loss: Literal["cross_entropy", "binary_cross_entropy"] = setting(
        "cross_entropy",
        "of the softmax, both weighted by class: the paper's, or the published code's",
    )
    beta: float = setting(
        0.9999,
        "of the effective number of images, by which classes are weighted; 0: all alike",
        minimum=0,
        maximum=0.999999999,
    )
