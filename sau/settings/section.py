"""Typed settings of a stage: one dataclass gives the config section, its schema and its flags."""

import dataclasses
import difflib
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Literal, Self, Union

from sau.core.errors import UserError


def setting(
    default: Any,
    description: str,
    *,
    unit: str = "",
    minimum: float | None = None,
    above: float | None = None,
    maximum: float | None = None,
    below: float | None = None,
) -> Any:
    """Declare one setting: its default, a sentence on what it is, its unit and its range.

    `minimum` and `maximum` are inclusive, `above` and `below` are exclusive bounds. For a list they
    hold for each entry.
    """
    metadata = {
        "description": description,
        "unit": unit,
        "minimum": minimum,
        "above": above,
        "maximum": maximum,
        "below": below,
    }
    if isinstance(default, list | dict):
        return dataclasses.field(default_factory=_copy_of(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def _copy_of(value: Any) -> Callable[[], Any]:
    return lambda: type(value)(value)


@dataclasses.dataclass(frozen=True)
class Section:
    """Base of all settings: checks types and ranges when it is made.

    `only_of`: keys that another key's value leaves without effect; see `check_only_of`.

    Raises:
        UserError: a value of the wrong type or outside its range, named as `section.key`.
    """

    section: ClassVar[str] = ""
    only_of: ClassVar["OnlyOf"] = {}

    def __post_init__(self) -> None:
        hints = typing.get_type_hints(type(self))
        for field in dataclasses.fields(self):
            value = coerce(getattr(self, field.name), hints[field.name])
            object.__setattr__(self, field.name, value)
            problem = _problem(value, hints[field.name], field.metadata)
            if problem:
                raise UserError(f"{self.section}.{field.name}: {value!r} {problem}")
        check_only_of(self, self.only_of)
        self.check()

    def check(self) -> None:
        """Check what concerns several settings at once; raises UserError."""

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Build the section from a mapping, refusing unknown keys with the nearest known one."""
        known = [field.name for field in dataclasses.fields(cls)]
        for key in values:
            if key not in known:
                raise UserError(unknown_key(f"{cls.section}.{key}", key, known))
        return cls(**values)

    def to_mapping(self) -> dict[str, Any]:
        """Return the settings as a plain dictionary, in the order in which they are declared."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


OnlyOf = Mapping[str, tuple[str, tuple[str, ...]]]
"""By its name, each key that another one switches: that one, and its values that switch it on."""


def check_only_of(section: Section, only_of: OnlyOf) -> None:
    """Refuse a value, other than the default, that another key's value leaves without effect.

    Args:
        section: the settings.
        only_of: which of its keys depend on which other one.

    Raises:
        UserError: there is such a value, with both keys, and all others.
    """
    idle = idle_keys(section, only_of)
    if idle:
        key, *others = idle
        switch, values = only_of[key]
        raise UserError(
            f"{section.section}.{key}: {getattr(section, key)!r} has no effect with "
            f"{section.section}.{switch} {getattr(section, switch)}, only with "
            f"{' or '.join(values)}; leave it out, or set it to {default_of(type(section), key)!r}"
            + (f"; likewise {', '.join(others)}" if others else "")
        )


def idle_keys(section: Section, only_of: OnlyOf) -> list[str]:
    """Return the keys of which `check_only_of` would refuse the value."""
    return [
        key
        for key, (other, values) in only_of.items()
        if getattr(section, other) not in values
        and getattr(section, key) != default_of(type(section), key)
    ]


def default_of(section: type[Section], key: str) -> Any:
    """Return the default of a section's key."""
    field = next(field for field in dataclasses.fields(section) if field.name == key)
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


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


def strip_optional(hint: Any) -> tuple[Any, bool]:
    """Split `X | None` into (`X`, True), and any other type into (itself, False)."""
    if typing.get_origin(hint) in (Union, types.UnionType):
        rest = [part for part in typing.get_args(hint) if part is not type(None)]
        if len(rest) == 1:
            return rest[0], True
    return hint, False


def coerce(value: Any, hint: Any) -> Any:
    """Turn an integer into a float where a float is expected, in lists too."""
    hint, _ = strip_optional(hint)
    wants_float = hint is float or float in typing.get_args(hint)
    if wants_float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if typing.get_origin(hint) is list and isinstance(value, list | tuple):
        (inner,) = typing.get_args(hint)
        return [coerce(item, inner) for item in value]
    return value


def _problem(value: Any, hint: Any, limits: Mapping[str, Any]) -> str | None:
    """Return what is wrong with `value`, as the end of a sentence, or None."""
    inner, optional = strip_optional(hint)
    if value is None:
        return None if optional else "is missing"
    origin = typing.get_origin(inner)
    if origin is list:
        if not isinstance(value, list):
            return "must be a list"
        (item_hint,) = typing.get_args(inner)
        return next((p for item in value if (p := _problem(item, item_hint, limits))), None)
    if origin is Literal:
        choices = typing.get_args(inner)
        if value in choices:
            return None
        question = did_you_mean(str(value), map(str, choices))
        hint_text = f" ({question})" if question else ""
        return f"must be one of {', '.join(map(str, choices))}{hint_text}"
    if origin in (Union, types.UnionType):
        problems = [_problem(value, part, limits) for part in typing.get_args(inner)]
        return None if None in problems else problems[0]
    expected = origin or inner
    if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
        return f"must be of type {expected.__name__}"
    return _range_problem(value, limits) if expected in (int, float) else None


def _range_problem(value: float, limits: Mapping[str, Any]) -> str | None:
    if limits.get("minimum") is not None and not value >= limits["minimum"]:
        return f"must be at least {limits['minimum']}"
    if limits.get("above") is not None and not value > limits["above"]:
        return f"must be above {limits['above']}"
    if limits.get("maximum") is not None and not value <= limits["maximum"]:
        return f"must be at most {limits['maximum']}"
    if limits.get("below") is not None and not value < limits["below"]:
        return f"must be below {limits['below']}"
    return None
