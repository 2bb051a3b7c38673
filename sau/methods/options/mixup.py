"""Options of MixUp."""

import dataclasses
from typing import ClassVar

from sau.settings.section import Section, setting


@dataclasses.dataclass(frozen=True)
class MixupOptions(Section):
    """Options of MixUp alone; the default is the authors' for CIFAR."""

    section: ClassVar[str] = "training.options"

    alpha: float = setting(1.0, "the ratio is drawn from Beta(alpha, alpha)", above=0)
