"""Settings of the scores stage."""

import dataclasses
from typing import ClassVar, Literal

from sau.prompts.templates import check_template
from sau.settings import Section, setting


@dataclasses.dataclass(frozen=True)
class ScoresSettings(Section):
    """Which CLIP tells how well an image fits its text."""

    section: ClassVar[str] = "scores"

    scorer: Literal["open_clip", "none"] = setting(
        "open_clip", "open_clip, or none: every image is kept, and the report says so"
    )
    model: str = setting(
        "tiny-clip",
        "open_clip model name, a folder in open_clip's format, or the shipped tiny-clip",
    )
    pretrained: str = setting("", "open_clip's tag or local checkpoint; empty for a folder")
    template: str = setting(
        "A photo of {article} {name}.", "text of an image that comes without a prompt"
    )
    batch_size: int = setting(256, "images scored at once", unit="images", minimum=1)
    device: Literal["cpu", "cuda"] = setting("cpu", "where to score")
    threads: int = setting(1, "CPU threads", minimum=1)

    def check(self) -> None:
        """Check the template."""
        check_template(self.template, "scores.template")
