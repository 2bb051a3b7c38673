"""What is wrong with a value, in our own words."""

import re

from pydantic_core import ErrorDetails

from sau.settings.names import did_you_mean

_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("above", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("below", "lt"),
}
_TYPES = {"int": "int", "float": "float", "string": "str", "bool": "bool", "dict": "dict"}


def expectation(error: ErrorDetails) -> str:
    """Return what is wrong with a value, as the end of a sentence."""
    kind, context = error["type"], error.get("ctx", {})
    if error["input"] is None:
        return "is missing"
    if kind in _BOUNDS:
        words, name = _BOUNDS[kind]
        bound = context[name]
        return f"must be {words} {int(bound) if float(bound).is_integer() else bound}"
    if kind == "literal_error":
        choices = re.findall("'([^']*)'", context["expected"])
        question = did_you_mean(str(error["input"]), choices)
        return f"must be one of {', '.join(choices)}" + (f" ({question})" if question else "")
    if kind == "list_type":
        return "must be a list"
    if kind.removesuffix("_type") in _TYPES:
        return f"must be of type {_TYPES[kind.removesuffix('_type')]}"
    return f"is refused: {error['msg']}"
