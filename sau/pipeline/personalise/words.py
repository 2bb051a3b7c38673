"""What a class is called in the texts that it is learned with: as its prompts call it."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sau.sources.naming import distinct_names
from sau.storage import manifest
from sau.templates.templates import fill

_GAP = "\0"
"""Stands for the name while a text is cut there; no text has it."""


class Words(NamedTuple):
    """Words for a class.

    Attributes:
        name: as prompts have it.
        article: what stands before it for {article}, which may be nothing.
        key: its name in the data set, unlike that of any other class.
    """

    name: str
    article: str
    key: str

    def text(self, template: str) -> str:
        """Return a template with the class's words, as prompts are made of theirs."""
        return fill(template, self.name, self.article)

    def around(self, template: str) -> tuple[str, str]:
        """Return what stands before and after the name in such a text."""
        before, after = fill(template, _GAP, self.article).split(_GAP)
        return before, after


def words_of(prompts: Path, class_names: Sequence[str]) -> list[Words]:
    """Return the words that prompts have for each class, in label order.

    Args:
        prompts: manifest of prompts, of these classes.
        class_names: as the data set has them.

    Raises:
        UserError: no such manifest, or one of an older version.
    """
    own = manifest.read_facts(prompts, "prompts", "class_words")["class_words"]
    return [
        Words(one["name"], one["article"], key)
        for one, key in zip(own, distinct_names(class_names), strict=True)
    ]
