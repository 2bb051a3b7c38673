"""The text in a chat completion's message, or why there is none."""

from collections.abc import Iterable
from typing import Any

CUT = "cut off at the token limit"
EMPTY = "empty"
REFUSED = "refused"
THINKING_ALONE = "thinking alone, no answer after it"
TOOL_CALL = "a call of a tool in place of a text"

_TEXT_TYPES = ("text", "output_text", "input_text", None)
_THINKING_TYPES = ("thinking", "reasoning", "thought", "redacted_thinking", "summary_text")
_THINKING_FIELDS = ("reasoning_content", "reasoning", "thinking", "reasoning_details")
_REFUSING = ("content_filter", "refusal", "safety", "prohibited_content", "blocklist", "recitation")
_CUTTING = ("length", "max_tokens", "max_output_tokens", "model_length")
_KINDS = {bool: "true or false", int: "a number", float: "a number", dict: "an object"}


def is_refused(choice: dict[str, Any], message: dict[str, Any]) -> bool:
    """Return whether the server says that the model or a filter refused."""
    return bool(message.get("refusal")) or _reason(choice) in _REFUSING


def is_cut(choice: dict[str, Any]) -> bool:
    """Return whether the server says that the token limit ended the answer."""
    return _reason(choice) in _CUTTING


def text_of(message: dict[str, Any]) -> tuple[str, str | None]:
    """Return the text of a message, and why there is none.

    Args:
        message: its content may be a text, parts with texts, or nothing beside other fields.
    """
    content = message.get("content")
    parts = content if isinstance(content, list) else [content]
    texts = [text for part in parts if (text := _text_of_part(part)) is not None]
    text = "\n".join(texts)
    if text.strip():
        return text, None
    if texts or all(part is None for part in parts):
        return "", _why_nothing(message)
    return "", _why_no_text(parts)


def _reason(choice: dict[str, Any]) -> str:
    return str(choice.get("finish_reason") or choice.get("stop_reason") or "").lower()


def _text_of_part(part: Any) -> str | None:
    """Return a part's text; None if it has none, as an image or thinking."""
    if isinstance(part, dict) and part.get("type") in _TEXT_TYPES:
        part = part.get("text", part.get("content"))
        part = part.get("value") if isinstance(part, dict) else part  # of OpenAI's assistants
    return part if isinstance(part, str) else None


def _why_nothing(message: dict[str, Any]) -> str:
    if message.get("tool_calls") or message.get("function_call"):
        return TOOL_CALL
    if any(message.get(field) for field in _THINKING_FIELDS):
        return THINKING_ALONE
    return EMPTY


def _why_no_text(parts: Iterable[Any]) -> str:
    types = [part.get("type") for part in parts if isinstance(part, dict)]
    if "refusal" in types:
        return REFUSED
    if any(kind in ("tool_use", "tool_call", "function") for kind in types):
        return TOOL_CALL
    if types and all(kind in _THINKING_TYPES for kind in types):
        return THINKING_ALONE
    named = sorted({kind[:30] for kind in types if isinstance(kind, str)})
    if named and all(kind in _TEXT_TYPES for kind in named):
        return EMPTY
    others = sorted({_KINDS.get(type(part), "a list") for part in parts if part is not None})
    return f"no text but {' and '.join(named or others)}"
