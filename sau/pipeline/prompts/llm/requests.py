"""What is asked of the language model."""

import dataclasses
import functools
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sau.pipeline.prompts.classes import ClassWords
from sau.pipeline.prompts.settings import PromptsSettings
from sau.templates.templates import fill


@dataclasses.dataclass(frozen=True)
class Request:
    """One request for prompts of one class.

    Attributes:
        class_name: the class, as prompts call it.
        number: which of the class's requests, from 0; equal questions differ in it.
        model: the model's name.
        system: system message; may be empty.
        query: user message.
        parameters: what else the request holds, such as the temperature.
    """

    class_name: str
    number: int
    model: str
    system: str
    query: str
    parameters: Mapping[str, Any]

    @functools.cached_property
    def key(self) -> str:
        """Return 64 hex digits that name the request and its answer."""
        text = json.dumps(dataclasses.asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def body(self) -> dict[str, Any]:
        """Return the body of the HTTP request."""
        system = [{"role": "system", "content": self.system}] if self.system else []
        messages = [*system, {"role": "user", "content": self.query}]
        return {"model": self.model, "messages": messages, **self.parameters}

    def text(self) -> str:
        """Return all of the text that the model reads."""
        return f"{self.system} {self.query}"

    def words_of_answer(self, settings: PromptsSettings) -> list[int]:
        """Return how many words the parts of an answer may have."""
        return [settings.max_words] * settings.prompts_per_request


def make_request(words: ClassWords, number: int, settings: PromptsSettings) -> Request:
    """Return the class's request of this number.

    Its text depends neither on how many prompts the class gets nor on the other classes, so that
    with more of either the answers that are there stay of use.
    """
    count = settings.prompts_per_request
    many = f"Give {count} different prompts, one in each line, without numbers or other text."
    form = fill(settings.answer_form, words.name, words.article)
    parts = [
        settings.system_command,
        f"Answer in this form: {form}" if settings.answer_form else "",
        many if count > 1 else "",
    ]
    return Request(
        class_name=words.name,
        number=number,
        model=settings.model,
        system=" ".join(part for part in parts if part),
        query=fill(settings.query, words.name, words.article),
        parameters=settings.parameters,
    )
