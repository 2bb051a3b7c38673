"""The tokens that an answer cost, by the server's account."""

from typing import Any, TypeGuard

_MOST = 10**9
"""Tokens; no model reads or writes as many at once."""


def token_counts(usage: Any) -> tuple[int, int] | None:
    """Return the tokens that the model read and wrote.

    Args:
        usage: the part of an answer that says so; anything may stand there.

    Returns:
        Both counts, in [0, 1e9]; None where either is missing or no count: negative, a float, a
        text, a boolean, or larger.
    """
    if not isinstance(usage, dict):
        return None
    read, written = usage.get("prompt_tokens"), usage.get("completion_tokens")
    return (read, written) if _is_count(read) and _is_count(written) else None


def _is_count(value: Any) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= _MOST  # True is an int, too
