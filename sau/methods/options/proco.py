"""Options of ProCo."""

import dataclasses
from typing import ClassVar, Literal

from sau.settings.section import Section, setting


@dataclasses.dataclass(frozen=True)
class ProcoOptions(Section):
    """Options of probabilistic contrastive learning; the defaults are the paper's for CIFAR."""

    section: ClassVar[str] = "training.options"

    temperature: float = setting(0.1, "of the contrastive loss", above=0)
    contrastive_weight: float = setting(1.0, "alpha, of the contrastive loss", above=0)
    estimate: Literal["previous_epoch", "running"] = setting(
        "previous_epoch",
        "class means: of the previous epoch (the paper), or those with the current epoch's batches "
        "taken in so far (the authors' code)",
    )
    cosine_scale: float = setting(
        0.0, "scale of a cosine classifier; 0: a linear classifier", minimum=0
    )
