"""Settings of the prompts stage."""

import dataclasses
from typing import ClassVar, Literal

from sau.errors import UserError
from sau.prompts.templates import check_template
from sau.settings import Section, setting


@dataclasses.dataclass(frozen=True)
class PromptsSettings(Section):
    """How many prompts each class gets, and from which templates."""

    section: ClassVar[str] = "prompts"

    source: Literal["template"] = setting("template", "what writes the prompts")
    per_class: int = setting(
        160, "prompts, and so images generated, of each class", unit="prompts", minimum=1
    )
    templates: list[str] = setting(
        ["A photo of {article} {name}."],
        "sentences in which {name} stands for the class name and {article} for a or an",
    )
    order: Literal["cycle", "sample"] = setting(
        "cycle", "use the templates in turn, or draw one for each prompt by the seed"
    )
    seed: int = setting(0, "of the drawn templates", minimum=0)

    def check(self) -> None:
        """Check that each template names the class and has no unknown placeholder."""
        if not self.templates:
            raise UserError("prompts.templates: empty; give at least one sentence with {name}")
        for template in self.templates:
            check_template(template, "prompts.templates")
