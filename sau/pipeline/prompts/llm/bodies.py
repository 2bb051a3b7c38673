"""A response of status 200 that is no chat completion: what it is, and whether to ask again."""

import re
from collections.abc import Mapping
from typing import Any

from sau.core.bounded_json import read_json
from sau.pipeline.prompts.llm.failures import (
    NO_MONEY,
    REFUSALS,
    BrokenAnswerError,
    RefusedError,
    status_may_pass,
)
from sau.pipeline.prompts.llm.redaction import BLOT
from sau.pipeline.prompts.llm.words import words_of

_PASSING_WORDS = re.compile(
    r"rate.?limit|overloaded|unavailable|timed?.?out|server.?error|internal.?error|too.?many|"
    r"try again|loading",
    re.IGNORECASE,
)
"""In an error's kind or words: it may be gone the next time."""


def broken(body: str) -> BrokenAnswerError | RefusedError:
    """Return what is wrong with a body of status 200 that is no chat completion."""
    try:
        found = read_json(body)
    except ValueError:
        if BLOT in body:
            told = "it repeats the key, and is no JSON without it"
            return BrokenAnswerError(told, lasting=True)
        # Half of an answer, or none at all, is an accident; a page is another server.
        if not body.strip() or body.lstrip().startswith("{"):
            return BrokenAnswerError(f"{len(body)} characters, no chat completion")
        return BrokenAnswerError(f"no chat completion: {words_of(body)}", odd=True)
    told = f"no chat completion: {words_of(body)}"
    if not isinstance(found, dict) or not found.get("error"):
        return BrokenAnswerError(told, odd=True)
    facts = _facts(found)
    if facts.get("code") in REFUSALS:
        return RefusedError(body)
    return BrokenAnswerError(told, lasting=not _may_pass(facts))


def _facts(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what an error's body says of it: kind, code, message."""
    error = found["error"]
    return error if isinstance(error, dict) else {**found, "message": error}


def _may_pass(facts: Mapping[str, Any]) -> bool:
    for name in ("code", "status", "status_code"):
        digits = str(facts.get(name, ""))
        if re.fullmatch("[1-5][0-9][0-9]", digits):
            return status_may_pass(int(digits))
    if facts.get("code") == NO_MONEY:
        return False
    told = " ".join(str(facts.get(name, "")) for name in ("code", "type", "message"))
    return bool(_PASSING_WORDS.search(told))
