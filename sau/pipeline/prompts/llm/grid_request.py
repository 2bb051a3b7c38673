"""What a language model is asked for where templates have gaps: phrases for each attribute."""

import dataclasses
from collections.abc import Mapping

from sau.pipeline.prompts.classes import ClassWords
from sau.pipeline.prompts.llm.requests import Request
from sau.pipeline.prompts.settings import PromptsSettings
from sau.templates.templates import attributes_of, fill

MOST_WORDS = 10
"""Of a phrase: five of them, and the class's name, are within CLIP's 77 tokens."""

_WORDS_OF_MARKS = 2
"""What the quotation marks and the comma of a phrase in JSON come to."""

_SYSTEM = (
    "You say how photographs of one and the same thing may differ. "
    "Answer with a JSON object and with no other text."
)


@dataclasses.dataclass(frozen=True)
class GridRequest(Request):
    """One request for the phrases of one class.

    Attributes:
        attributes: how many are asked for, by attribute.
    """

    attributes: Mapping[str, int]

    def words_of_answer(self, settings: PromptsSettings) -> list[int]:
        """Return how many words the parts of an answer may have."""
        del settings
        return [MOST_WORDS + _WORDS_OF_MARKS] * sum(self.attributes.values())


def make_grid_request(words: ClassWords, number: int, settings: PromptsSettings) -> GridRequest:
    """Return the class's request of this number.

    It shows the first template that has each attribute, so that the phrases fit into its gaps.
    """
    forms = dict.fromkeys(
        next(text for text in words.templates if attribute in attributes_of(text))
        for attribute in words.asked
    )
    shown = " ".join(f'"{_with_gaps(text, words)}"' for text in forms)
    wanted = ", ".join(f"{count} for {attribute}" for attribute, count in words.asked.items())
    thing = f"{words.article} {words.name}".strip()
    query = (
        f"Captions of photographs of {thing} have this form: {shown} "
        f"Give different phrases for what stands in angle brackets: {wanted}. "
        f"Each phrase is true of {thing}, can be seen in a photograph, fits into the caption, has "
        f"at most {MOST_WORDS} words and does not name the {words.name} itself. Keys of the object "
        "are the words in angle brackets, each with a list of its phrases."
    )
    return GridRequest(
        class_name=words.name,
        number=number,
        model=settings.model,
        system=_SYSTEM,
        query=query,
        parameters=settings.parameters,
        attributes=words.asked,
    )


def _with_gaps(template: str, words: ClassWords) -> str:
    gaps = {attribute: f"<{attribute}>" for attribute in attributes_of(template)}
    return fill(template, words.name, words.article, gaps)
