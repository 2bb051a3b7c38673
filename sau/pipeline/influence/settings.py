"""Settings of the influence stage."""

from typing import ClassVar, Literal

from sau.settings.section import Section, setting


class InfluenceSettings(Section):
    """Whose networks say which synthetic images help, and how they are asked."""

    section: ClassVar[str] = "influence"

    row: str = setting(
        "",
        "row of training.runs whose networks are asked, of all its seeds at the largest imbalance "
        "factor; needs subset.validation_fraction above 0; empty: none",
    )
    batch_size: int = setting(64, "images at once", unit="images", minimum=1)
    device: Literal["cpu", "cuda"] = setting("cpu", "where the networks compute")
    threads: int = setting(1, "CPU threads of the networks", minimum=1)
