"""Settings of the prompts stage."""

import dataclasses
import string
from typing import ClassVar, Literal

from sau.errors import UserError
from sau.settings import Section, setting

PLACEHOLDERS = ("name", "article")


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
            try:
                fields = {field for _, field, _, _ in string.Formatter().parse(template) if field}
            except ValueError as error:
                raise UserError(
                    f"prompts.templates: {template!r} does not parse: {error}"
                ) from error
            unknown = sorted(fields - set(PLACEHOLDERS))
            if unknown or "name" not in fields:
                raise UserError(
                    f"prompts.templates: {template!r} must have {{name}}"
                    f" and no other placeholder than {{{'}, {'.join(PLACEHOLDERS)}}}"
                )
