"""A check that no page of the site loads anything from another machine."""

import re

_LOADED = re.compile(
    r"<(?:script|img|iframe|source|link)\b[^>]*?\b(?:src|href)="
    r"[\"']?(?P<address>(?:https?:)?//[^\"' >]+)"
)


def loaded_from_elsewhere(page: str) -> list[str]:
    """Return the addresses that a browser would ask for to show the page; links to click are none.

    Args:
        page: HTML of a whole page.
    """
    return [match["address"] for match in _LOADED.finditer(page)]
