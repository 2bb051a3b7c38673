"""The declaration of one setting, and what it says beyond type and range."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field
from pydantic.fields import FieldInfo

Conditions = Mapping[str, str | Sequence[str]]
"""Other keys, each with those of its values that give a key an effect; all must hold."""


def setting(
    default: Any,
    description: str,
    *,
    unit: str = "",
    minimum: float | None = None,
    above: float | None = None,
    maximum: float | None = None,
    below: float | None = None,
    affects_result: bool = True,
    only_with: Conditions | None = None,
    not_with: Mapping[str, float] | None = None,
    secret: bool = False,
) -> Any:
    """Declare one setting: its default, a sentence on what it is, its unit and its range.

    Args:
        default: what holds where nothing is given.
        description: a sentence, or the end of one that begins with the key.
        unit: of the value, such as images.
        minimum: the least value; of a list's entries, write `list[Annotated[int, Field(ge=...)]]`.
        above: what the value must exceed.
        maximum: the greatest value.
        below: what must exceed the value.
        affects_result: whether a result depends on it; if not, a change runs nothing again.
        only_with: keys of the same section that switch this one on.
        not_with: numbers of the same section, each with the value at which this one has no effect.
        secret: whether a value may be one by mistake, so that no message repeats it.
    """
    facts = {
        "secret": secret or None,
        "unit": unit or None,
        "affects_result": None if affects_result else False,
        "only_with": {k: [v] if isinstance(v, str) else list(v) for k, v in only_with.items()}
        if only_with
        else None,
        "not_with": dict(not_with) if not_with else None,
    }
    keywords: dict[str, Any] = {
        "description": description,
        "json_schema_extra": {key: fact for key, fact in facts.items() if fact is not None},
        **{"ge": minimum, "gt": above, "le": maximum, "lt": below},
    }
    return Field(default=default, **keywords)


def facts_of(field: FieldInfo) -> dict[str, Any]:
    """Return what a declaration says beyond type and range: description, unit and the like."""
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    return {"description": field.description, **extra}


def shown(facts: Mapping[str, Any], value: Any) -> str:
    """Return a value as a message repeats it."""
    return "the value (not repeated, it may be secret)" if facts.get("secret") else repr(value)


def described(facts: Mapping[str, Any]) -> str:
    """Return what is said of a setting: its `description`, its unit and what switches it on."""
    unit = f" [{facts['unit']}]" if "unit" in facts else ""
    conditions = facts.get("only_with", {}).items()
    only = " and ".join(f"{key} {' or '.join(values)}" for key, values in conditions)
    never = " or ".join(f"{key} {value:g}" for key, value in facts.get("not_with", {}).items())
    return (
        f"{facts['description']}{unit}"
        + (f"; only with {only}" if only else "")
        + (f"; not with {never}" if never else "")
    )
