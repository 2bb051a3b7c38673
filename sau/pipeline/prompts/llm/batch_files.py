"""The files of a job of OpenAI's Batch API: JSON lines of requests, and of responses."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sau.core.bounded_json import read_json
from sau.core.printable import one_line
from sau.pipeline.prompts.llm.answers import is_answer
from sau.pipeline.prompts.llm.failures import REFUSALS
from sau.pipeline.prompts.llm.requests import Request
from sau.pipeline.prompts.llm.words import words_of

ENDPOINT: Final = "/v1/chat/completions"

_SHOWN = 100
"""Characters of a line that is none."""


def line(request: Request) -> dict[str, Any]:
    """Return a request as a line of the file that a job begins with."""
    return {"custom_id": request.key, "method": "POST", "url": ENDPOINT, "body": request.body()}


def lines(text: str) -> Iterator[tuple[str, str, str | None]]:
    """Yield the request's key, the body and the error of each line of a job's file.

    The error is None where the body is to be kept: that of an answer, or of a refusal by the
    server's filter. A line that cannot be read is an error, of no request.
    """
    for row in filter(None, map(str.strip, text.split("\n"))):  # strings may hold U+2028
        try:
            found = read_json(row)
            key, response = found["custom_id"], found.get("response") or {}
            body = json.dumps(response.get("body") or {"error": found.get("error")})
            error = _error(found.get("error"), response, body)
        except (ValueError, TypeError, LookupError, AttributeError):
            yield "", "", f"no answer of the Batch API: {one_line(row, _SHOWN)}"
        else:
            yield str(key), body, error


def _error(error: Any, response: Mapping[str, Any], body: str) -> str | None:
    if is_answer(body) and response.get("status_code") == 200:
        return None
    told = (response.get("body") or {}).get("error") or error or {}
    if isinstance(told, dict) and told.get("code") in REFUSALS:
        return None
    words = words_of(json.dumps(told)) if told else ""
    return words or f"HTTP {response.get('status_code')}"
