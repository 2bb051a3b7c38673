"""Options of plain cross-entropy."""

import dataclasses
from typing import ClassVar

from sau.settings.section import Section


@dataclasses.dataclass(frozen=True)
class CrossEntropyOptions(Section):
    """Plain cross-entropy has nothing to set."""

    section: ClassVar[str] = "training.options"
