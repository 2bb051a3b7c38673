"""Names that nothing has: the nearest one that something has."""

import difflib
from collections.abc import Iterable


def unknown_key(path: str, key: str, known: Iterable[str], what: str = "key") -> str:
    """Say in one line that `key` at `path` is unknown, with the nearest known one."""
    known = list(known)
    hint = did_you_mean(key, known) or f"known {what}s: {', '.join(known)}"
    return f"{path}: unknown {what}; {hint}"


def did_you_mean(name: str, known: Iterable[str], likeness: float = 0.5) -> str:
    """Return the question for the nearest known name; nothing if none is near.

    Args:
        name: as it was spelt.
        known: what it may have meant.
        likeness: of difflib, from 0 to 1: the least of a near name.
    """
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=likeness)
    return f"did you mean {near[0]!r}?" if near else ""
