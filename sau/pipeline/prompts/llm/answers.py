"""What the language model answered, from the raw body of an HTTP response."""

import dataclasses
import functools
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from sau.core.bounded_json import read_json
from sau.pipeline.prompts.llm.content import (
    CUT,
    EMPTY,
    REFUSED,
    THINKING_ALONE,
    is_cut,
    is_refused,
    text_of,
)
from sau.pipeline.prompts.llm.usage import token_counts
from sau.pipeline.prompts.reading.characters import (
    whole_lines,
    without_broken,
    without_emojis,
    without_invisible,
)
from sau.pipeline.prompts.reading.layout import prompts_in
from sau.pipeline.prompts.reading.markup import without_escaped_tags
from sau.pipeline.prompts.reading.special_tokens import without_tokens
from sau.pipeline.prompts.reading.thinking import without_thinking

NOTHING_BUT_TALK = "talk without a prompt"
UNREADABLE = "no chat completion"

_STEPS = (
    ("invisible and broken characters", without_invisible),
    ("markup", without_escaped_tags),
    ("thinking", without_thinking),
    ("special tokens", without_tokens),
    ("emojis", without_emojis),
)
_LONGEST_NAME = 200
_LONGEST_TEXT = 200_000

_Texts = tuple[tuple[str, ...], str | None]
"""Texts, and why there are none."""


@dataclasses.dataclass(frozen=True)
class Answer:
    """An answer as it is judged.

    Attributes:
        texts: prompts, unchecked; none if there is a problem.
        problem: why there is no text.
        model: the model that answered, by its own account.
        tokens: read and written by the model, by the server's account; None if it gave none.
        removed: how many answers or prompts what was taken out of, by what it is.
    """

    texts: tuple[str, ...]
    problem: str | None
    model: str
    tokens: tuple[int, int] | None
    removed: Mapping[str, int] = dataclasses.field(default_factory=dict)


def is_answer(body: str) -> bool:
    """Return whether a body is a chat completion at all, be it an empty one."""
    found = _parsed(body)
    return found is not None and isinstance(found.get("choices"), list)


@functools.lru_cache(maxsize=2**16)  # a class's answers are read again whenever one comes
def read_answer(body: str, prompts_per_request: int) -> Answer:
    """Read a raw answer that holds prompts.

    Args:
        body: JSON of a chat completion; or of an error by which the server refused the request.
        prompts_per_request: with more than one, each line is a prompt; else the whole text is.
    """
    return _read(body, lambda choice, removed: _texts(choice, prompts_per_request > 1, removed))


@functools.lru_cache(maxsize=2**10)
def read_whole_answer(body: str) -> Answer:
    """Read a raw answer, as `read_answer`, whose one text is all that it says but for thinking."""
    return _read(body, _whole_text)


def _read(body: str, texts_of: Callable[[dict[str, Any], Counter[str]], _Texts]) -> Answer:
    found = _parsed(body)
    if found is None:
        return Answer((), UNREADABLE, "", None)
    removed: Counter[str] = Counter()
    if "choices" in found:
        texts, problem = texts_of(_first(found.get("choices")), removed)
    else:
        texts, problem = (), REFUSED
    return Answer(
        texts=() if problem else texts,
        problem=problem,
        model=_name(found.get("model")),
        tokens=token_counts(found.get("usage")),
        removed={name: count for name, count in sorted(removed.items()) if count},
    )


def token_counts_in(body: str) -> tuple[int, int] | None:
    """Return the tokens read and written that a raw answer counts; None if it gives no count."""
    return token_counts((_parsed(body) or {}).get("usage"))


def _texts(choice: dict[str, Any], several: bool, removed: Counter[str]) -> _Texts:
    texts, problem = _whole_text(choice, removed)
    if problem is not None:
        return (), problem
    cut = is_cut(choice)
    if cut and not several:
        return (), CUT
    found = prompts_in(texts[0], several, cut, removed)
    return tuple(found), None if found else CUT if cut else NOTHING_BUT_TALK


def _whole_text(choice: dict[str, Any], removed: Counter[str]) -> _Texts:
    message = _mapping(choice.get("message"))
    if is_refused(choice, message):
        return (), REFUSED
    text, problem = text_of(message)
    cut = is_cut(choice)
    if problem is not None:
        return (), CUT if cut else problem
    text = whole_lines(text)
    for name, step in _STEPS:
        before, text = text, step(text)
        removed[name] += text != before
    if not text.strip():
        return (), CUT if cut else THINKING_ALONE if removed["thinking"] else EMPTY
    if len(text) > _LONGEST_TEXT:
        return (), f"{len(text):,} characters, at most {_LONGEST_TEXT:,}"
    return (text,), None


def _name(value: Any) -> str:
    """Return a model's name as a file can hold it."""
    return without_broken(value)[:_LONGEST_NAME] if isinstance(value, str) else ""


def _parsed(body: str) -> dict[str, Any] | None:
    try:
        found = read_json(body)
    except ValueError:  # an earlier version stored it
        return None
    return found if isinstance(found, dict) else None


def _first(items: Any) -> dict[str, Any]:
    return _mapping(items[0]) if isinstance(items, list) and items else {}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
