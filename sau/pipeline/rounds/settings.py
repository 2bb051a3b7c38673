"""Settings of the rounds stage."""

from typing import ClassVar

from sau.core.errors import UserError
from sau.settings.section import Section, setting


class RoundsSettings(Section):
    """How many images are generated of each class, and how often what is missing is made up for."""

    section: ClassVar[str] = "rounds"

    over_generation: float | None = setting(
        None,
        "images of a class in the first round, as a multiple of what it lacks at the largest "
        "imbalance factor of the grid; null: one image for each prompt, in one round",
        minimum=1,
    )
    most: int = setting(
        1,
        "rounds at most; each after the first draws for the classes that the filter left short",
        unit="rounds",
        minimum=1,
        affects_result=False,
    )

    def check(self) -> None:
        """Check that there is something for several rounds to reach."""
        if self.most > 1 and self.over_generation is None:
            raise UserError(
                f"rounds.most: {self.most}, but rounds.over_generation is null, so no class has a "
                "number of images to reach; set it, such as 1.3"
            )
