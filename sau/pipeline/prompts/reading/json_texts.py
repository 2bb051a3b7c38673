"""Prompts that are the strings of a JSON text."""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

from sau.core.bounded_json import is_too_deep

_TEXT_KEYS = re.compile(
    r"(?:image[_ ]?)?(?:prompt|text|caption|description|sentence|content|output|answer"
    r"|result|response)"
    r"s?(?:[_ ]?\d+)?",
    re.IGNORECASE,
)
_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"(?!\s*:)')
_JSON = re.compile(r"^[ \t]*(?:\w+\s*=\s*|return\s+)?([{\[]\s*[\"'{].*)", re.MULTILINE | re.DOTALL)
_AFTER_JSON = re.compile(r"(?<=[\]}\"]),?[^\]}\"]*\Z")
_LONGEST = 1_000_000


def json_texts(text: str) -> list[str] | None:
    """Return the prompts in a text that holds JSON; None if it holds none.

    An object's values count if their keys are called so (prompt, caption and the like), or all of
    them if no key is. JSON lines and Python's lists will do, and of JSON that is cut off the
    strings that are whole.
    """
    text = _unescaped_whole(text)
    found = _JSON.search(text) if len(text) <= _LONGEST else None
    if found is None or is_too_deep(found[1]):
        return None
    text = _AFTER_JSON.sub("", found[1])
    for read in (_whole, _lines):
        try:
            return list(_strings(read(text)))
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
    return [_unescaped(match) for match in _STRING.findall(text)] or None


def _whole(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return ast.literal_eval(text)


def _lines(text: str) -> list[Any]:
    return [json.loads(line.rstrip(", ")) for line in text.split("\n") if line.strip()]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        named = [v for k, v in value.items() if _TEXT_KEYS.fullmatch(str(k))]
        for item in named or value.values():
            yield from _strings(item)


def _unescaped_whole(text: str) -> str:
    """Return a text that was made a string of JSON once more than needed."""
    if text[:1] == text[-1:] == '"' and text[1:2] in ("[", "{"):
        return _unescaped(text[1:-1])
    return text


def _unescaped(inside: str) -> str:
    try:
        return str(json.loads(f'"{inside}"'))
    except ValueError:
        return inside
