"""Settings of the report stage."""

import dataclasses
from typing import ClassVar

from sau.settings import Section, setting


@dataclasses.dataclass(frozen=True)
class ReportSettings(Section):
    """What the report shows."""

    section: ClassVar[str] = "report"

    title: str = setting("Long-tailed recognition with generated images", "heading of every page")
    note: str = setting("", "a paragraph under the heading: what the reader must know of the data")
    sheet_images: int = setting(
        8, "images of each kind and class on the sheets", unit="images", minimum=1, maximum=50
    )
