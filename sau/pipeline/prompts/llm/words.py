"""What a server says where it does not answer, in one line."""

import html
import re
from typing import Any
from urllib.parse import urlsplit

from sau.core.bounded_json import read_json
from sau.core.printable import one_line

_TOLD = ("message", "error", "detail", "errors", "msg", "error_msg", "reason", "title", "code")
"""Where servers put it, the more telling first."""
_MOST_LEVELS = 4
_LOOKED_AT = 100_000
"""Characters."""
_NO_WORDS = re.compile(r"<(script|style|head)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)


def words_of(body: str) -> str:
    """Return the words of an error's body: of its JSON, its page or its text."""
    try:
        told = _told(read_json(body), _MOST_LEVELS)
    except ValueError:
        told = html.unescape(_NO_WORDS.sub(" ", body[:_LOOKED_AT]))
    return one_line(told) or one_line(body) or "nothing"


def place_of(location: str) -> str:
    """Return where a redirect points to, without what may be secret: user, password and query."""
    try:
        parts = urlsplit(location)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "no address"
    return one_line(parts._replace(netloc=host, query="", fragment="").geturl()) or "no address"


def _told(found: Any, levels: int) -> str:
    if isinstance(found, str):
        return found
    if isinstance(found, list) and found:
        return _told(found[0], levels - 1) if levels else ""
    if not isinstance(found, dict) or not levels:
        return "" if isinstance(found, dict | list) or found is None else str(found)
    told = (_told(found[name], levels - 1) for name in _TOLD if name in found)
    return next(filter(str.strip, told), "")
