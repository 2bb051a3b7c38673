"""Settings of the complement stage."""

from typing import ClassVar, Literal

from sau.settings.section import Section, setting


class ComplementSettings(Section):
    """How the long tail is filled."""

    section: ClassVar[str] = "complement"

    order: Literal["random", "best"] = setting(
        "random",
        "which kept images of a class fill what it lacks: a random draw, or exactly the best by"
        " score",
    )
    on_shortage: Literal["refuse", "underfill"] = setting(
        "refuse",
        "when a class has fewer kept synthetic images than it lacks: stop, or fill it as far as"
        " they go",
    )
