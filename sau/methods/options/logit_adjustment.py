"""Options of logit adjustment."""

import dataclasses
from typing import ClassVar

from sau.settings.section import Section, setting


@dataclasses.dataclass(frozen=True)
class LogitAdjustmentOptions(Section):
    """Options of the logit-adjusted loss; the default is the paper's."""

    section: ClassVar[str] = "training.options"

    tau: float = setting(1.0, "weight of the log prior; 1: Balanced Softmax", minimum=0)
