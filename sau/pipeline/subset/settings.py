"""Settings of the subset stage."""

from typing import ClassVar, Literal

from sau.settings.section import Section, setting

AS_IS = "as-is"
"""An imbalance factor that leaves the data set as long-tailed as it comes."""


class SubsetSettings(Section):
    """How the long tail is cut."""

    section: ClassVar[str] = "subset"

    protocol: Literal["choice", "cao"] = setting(
        "choice", "sampling protocol: of GLMC and SAU, or of LDAM, BCL, PaCo and most others"
    )
    largest_class: int | None = setting(
        None,
        "images of the largest class before the cut; null: as many as the smallest class has",
        unit="images",
        minimum=1,
    )
    on_empty_class: Literal["refuse", "cap"] = setting(
        "refuse",
        "when a factor would leave a class empty: stop, or lower the factor to the largest that"
        " does not, and say so",
    )
    validation_fraction: float = setting(
        0.0,
        "share of each class's long-tailed real images that is held out of training, to choose an"
        " epoch by; at least one image stays; 0: none",
        minimum=0,
        below=1,
    )
