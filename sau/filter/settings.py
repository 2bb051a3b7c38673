"""Settings of the filter stage."""

import dataclasses
from typing import ClassVar

from sau.settings import Section, setting


@dataclasses.dataclass(frozen=True)
class FilterSettings(Section):
    """Which scored images may be trained on."""

    section: ClassVar[str] = "filter"

    keep_fraction: float = setting(
        0.8,
        "share of each class's readable images to keep, best score first; 1 keeps all",
        above=0,
        maximum=1,
    )
