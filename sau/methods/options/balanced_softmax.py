"""Options of Balanced Softmax."""

import dataclasses
from typing import ClassVar, Literal

from sau.settings.section import Section, setting


@dataclasses.dataclass(frozen=True)
class BalancedSoftmaxOptions(Section):
    """Options of Balanced Softmax."""

    section: ClassVar[str] = "training.options"

    counts: Literal["training", "real"] = setting(
        "training",
        "whose class counts are the prior: all that the stage trains on, or its real images alone",
    )
