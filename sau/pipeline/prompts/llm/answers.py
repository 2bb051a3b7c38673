"""What the language model answered, from the raw body of an HTTP response."""

import dataclasses
import re
from typing import Any

from sau.pipeline.prompts.llm.usage import token_counts
from sau.pipeline.prompts.llm.wire_json import read_json

CUT = "cut off at the token limit"
EMPTY = "empty"
REFUSED = "refused"
UNREADABLE = "no chat completion"

_LIST_MARK = re.compile(r"^(\d+[.)]|[-*•])\s+")


@dataclasses.dataclass(frozen=True)
class Answer:
    """An answer as it is judged.

    Attributes:
        texts: prompts, unchecked; none if there is a problem.
        problem: why there is no text.
        model: the model that answered, by its own account.
        tokens: read and written by the model, by the server's account; None if it gave none.
    """

    texts: tuple[str, ...]
    problem: str | None
    model: str
    tokens: tuple[int, int] | None


def is_answer(body: str) -> bool:
    """Return whether a body is a chat completion at all, be it an empty one."""
    try:
        found = read_json(body)
    except ValueError:
        return False
    return isinstance(found, dict) and isinstance(found.get("choices"), list)


def read_answer(body: str, prompts_per_request: int) -> Answer:
    """Read a raw answer.

    Args:
        body: JSON of a chat completion; or of an error by which the server refused the request.
        prompts_per_request: with more than one, each line is a prompt; else the whole text is.
    """
    try:
        found = _mapping(read_json(body))
    except ValueError:  # an earlier version stored it
        return Answer((), UNREADABLE, "", None)
    choice = _first(found.get("choices"))
    message = _mapping(choice.get("message"))
    texts, problem = _texts(choice, message, prompts_per_request)
    if "choices" not in found:
        problem = REFUSED
    return Answer(
        texts=() if problem else texts,
        problem=problem,
        model=str(found.get("model", "")),
        tokens=token_counts(found.get("usage")),
    )


def _texts(
    choice: dict[str, Any], message: dict[str, Any], prompts_per_request: int
) -> tuple[tuple[str, ...], str | None]:
    reason, content = choice.get("finish_reason"), message.get("content")
    if message.get("refusal") or reason == "content_filter":
        return (), REFUSED
    if not isinstance(content, str) or not content.strip():
        return (), EMPTY
    if prompts_per_request == 1:
        return (content.strip(),), CUT if reason == "length" else None
    lines = [_LIST_MARK.sub("", line.strip()) for line in content.splitlines() if line.strip()]
    if reason == "length":
        lines = lines[:-1]  # the others are whole
    return tuple(lines), None if lines else CUT


def _first(items: Any) -> dict[str, Any]:
    return _mapping(items[0]) if isinstance(items, list) and items else {}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
