"""Settings of the complement stage."""

from typing import ClassVar, Literal

from sau.settings.paths import PathText
from sau.settings.section import Section, setting


class ComplementSettings(Section):
    """How the long tail is filled."""

    section: ClassVar[str] = "complement"

    order: Literal["random", "best"] = setting(
        "random",
        "which kept images of a class fill what it lacks: a random draw, or exactly the best by"
        " score",
    )
    need: list[PathText] = setting(
        [],
        "folders of networks that the training stage wrote, with validation images: as many "
        "synthetic images in all, but of each class in proportion to what it lacks times its error "
        "on those images; empty: each class is filled up to the largest",
    )
    on_shortage: Literal["refuse", "underfill"] = setting(
        "refuse",
        "when a class has fewer kept synthetic images than it lacks: stop, or fill it as far as"
        " they go",
    )
    swap_labels: float = setting(
        0.0,
        "for experiments: this share of each class's synthetic images gets the label of another"
        " class, and what they truly show is kept, to measure how right label correction is",
        minimum=0,
        maximum=1,
    )
    judge: PathText = setting(
        "",
        "CSV file with the columns id and class: what the synthetic images truly show, as somebody"
        " else than the run says; for measuring label correction alone; empty: nobody says",
    )

    def check(self) -> None:
        """Refuse two truths."""
        if self.swap_labels > 0 and self.judge:
            raise self.error(
                "judge",
                f"{self.judge}, but {self.path('swap_labels')} is {self.swap_labels:g}, which says "
                "the truth itself; leave one of them out",
            )
