"""Options of BCL."""

import dataclasses
from typing import ClassVar

from sau.settings.section import Section, setting


@dataclasses.dataclass(frozen=True)
class BclOptions(Section):
    """Options of balanced contrastive learning; the defaults are the paper's for CIFAR."""

    section: ClassVar[str] = "training.options"

    temperature: float = setting(0.1, "of the contrastive loss", above=0)
    classification_weight: float = setting(2.0, "of the logit-adjusted cross-entropy", above=0)
    contrastive_weight: float = setting(0.6, "of the balanced contrastive loss", above=0)
    prototype_hidden: int = setting(
        512, "units of the hidden layer that maps class weights to prototypes", minimum=1
    )
    cosine_scale: float = setting(
        0.0, "scale of a cosine classifier; 0: a linear classifier", minimum=0
    )
