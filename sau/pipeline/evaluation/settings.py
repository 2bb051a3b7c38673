"""Settings of the evaluation stage."""

from typing import ClassVar

from sau.core.errors import UserError
from sau.settings.section import Section, setting


class EvaluationSettings(Section):
    """The bounds of many-, medium- and few-shot classes, by real training images."""

    section: ClassVar[str] = "evaluation"

    many_above: int = setting(
        100, "a class with more real images is many-shot", unit="images", minimum=1
    )
    few_at_most: int = setting(
        20, "a class with so many real images or fewer is few-shot", unit="images", minimum=0
    )

    def check(self) -> None:
        """Check that medium-shot lies between the bounds."""
        if self.few_at_most > self.many_above:
            raise UserError(
                f"evaluation.few_at_most: {self.few_at_most} is above "
                f"evaluation.many_above {self.many_above}; medium-shot lies between them"
            )
