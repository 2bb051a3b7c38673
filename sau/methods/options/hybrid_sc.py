"""Options of Hybrid-SC."""

import dataclasses
from typing import ClassVar

from sau.settings.section import Section, setting


@dataclasses.dataclass(frozen=True)
class HybridScOptions(Section):
    """Options of Hybrid-SC; the default is the paper's for CIFAR."""

    section: ClassVar[str] = "training.options"

    temperature: float = setting(0.1, "of the contrastive loss", above=0)
