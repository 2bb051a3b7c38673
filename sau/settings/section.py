"""Typed settings: one declaration of a key gives its check, its flag and its schema entry."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from sau.core.errors import ArgumentError, UserError
from sau.settings.declare import facts_of, setting, shown
from sau.settings.names import unknown_key
from sau.settings.problems import expectation

__all__ = ["Section", "conditions_of", "default_of", "numbers_against", "setting"]


class Section(BaseModel):
    """Base of all settings: checks types and ranges when it is made, and does not change.

    Raises:
        UserError: an unknown key, a value of the wrong type or outside its range, or one without
            effect; an `ArgumentError` if the settings are no section of the config.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, validate_default=True, defer_build=True
    )

    section: ClassVar[str] = ""
    """The config section, which messages put before the key; empty in the library."""

    refuses_idle: ClassVar[bool] = True
    """Whether values without effect are refused here; if not, who makes the section does."""

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise self._kind()(self._explain(error)) from None
        self.check()
        if self.refuses_idle:
            self.check_idle()

    def check(self) -> None:
        """Check what concerns several settings at once; raises what `error` returns."""

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Build the section from a mapping, refusing unknown keys with the nearest known one."""
        return cls(**values)

    def to_mapping(self) -> dict[str, Any]:
        """Return the settings as a plain dictionary, in the order in which they are declared."""
        return {name: getattr(self, name) for name in type(self).model_fields}

    @classmethod
    def keys(cls, affects_result: bool | None = None) -> list[str]:
        """Return the keys that results depend on, or those that none does; all if None."""
        affecting = {
            name: facts_of(field).get("affects_result", True)
            for name, field in cls.model_fields.items()
        }
        return [name for name, it in affecting.items() if affects_result in (None, it)]

    def with_effect(self) -> dict[str, Any]:
        """Return the settings that results depend on, as `to_mapping` returns all."""
        return {name: getattr(self, name) for name in self.keys(affects_result=True)}

    def replace(self, **changes: Any) -> Self:
        """Return the settings with other values of some keys, checked again."""
        return type(self)(**self.to_mapping() | changes)

    def idle(self) -> dict[str, str]:
        """Return the keys whose values, other than their defaults, another key leaves without
        effect: by key, the one that switches it off."""
        conditions, numbers = conditions_of(type(self)), numbers_against(type(self))
        switched_off = {
            key: [
                *(
                    o
                    for o, wanted in conditions.get(key, {}).items()
                    if getattr(self, o) not in wanted
                ),
                *(o for o, number in numbers.get(key, {}).items() if getattr(self, o) == number),
            ]
            for key in type(self).model_fields
        }
        return {
            key: others[0]
            for key, others in switched_off.items()
            if others and getattr(self, key) != default_of(type(self), key)
        }

    def check_idle(self, keys: Iterable[str] | None = None) -> None:
        """Refuse a value, other than the default, that another key leaves without effect.

        Args:
            keys: of which; of all if None.

        Raises:
            UserError: there is such a value, with both keys, and all others.
        """
        idle = {key: other for key, other in self.idle().items() if keys is None or key in keys}
        if idle:
            (key, other), *others = idle.items()
            wanted = conditions_of(type(self)).get(key, {}).get(other, [])
            raise self.error(
                key,
                f"{shown(facts_of(type(self).model_fields[key]), getattr(self, key))} "
                f"has no effect with {self.path(other)} {getattr(self, other)}"
                + (f", only with {' or '.join(wanted)}" if wanted else "")
                + f"; leave it out, or set it to {default_of(type(self), key)!r}"
                + (f"; likewise {', '.join(name for name, _ in others)}" if others else ""),
            )

    @classmethod
    def path(cls, key: str) -> str:
        """Return a key as messages name it: behind its section, if there is one."""
        return f"{cls.section}.{key}" if cls.section else key

    @classmethod
    def error(cls, key: str, text: str) -> UserError | ArgumentError:
        """Return what to raise about a key: an error of the config, or of the library's caller."""
        return cls._kind()(f"{cls.path(key)}: {text}")

    @classmethod
    def _kind(cls) -> type[UserError | ArgumentError]:
        return UserError if cls.section else ArgumentError

    @classmethod
    @contextmanager
    def naming(cls, key: str) -> Iterator[None]:
        """Put a key of this section before the messages of settings that stand within it.

        Raises:
            UserError: what was raised, with the key; or an `ArgumentError`, as `error` says.
        """
        try:
            yield
        except (UserError, ArgumentError) as error:
            raise cls._kind()(f"{cls.path(key)}{error}") from error

    @field_validator("*", mode="before")
    @classmethod
    def _lists(cls, value: Any) -> Any:
        return list(value) if isinstance(value, tuple) else value

    @classmethod
    def _explain(cls, error: ValidationError) -> str:
        """Return the first problem, an unknown key before all others."""
        problems = error.errors(include_url=False)
        first = min(problems, key=lambda problem: problem["type"] != "extra_forbidden")
        key, *rest = map(str, first["loc"])
        path = cls.path(".".join([key, *(part for part in rest if part.isdecimal())]))
        if first["type"] == "extra_forbidden":
            return unknown_key(path, key, cls.model_fields)
        facts = facts_of(cls.model_fields[key]) if key in cls.model_fields else {}
        return f"{path}: {shown(facts, first['input'])} {expectation(first)}"


def conditions_of(section: type[Section]) -> dict[str, dict[str, list[str]]]:
    """Return the keys that others switch, each with those others and the values that do."""
    facts = {name: facts_of(field) for name, field in section.model_fields.items()}
    return {name: each["only_with"] for name, each in facts.items() if "only_with" in each}


def numbers_against(section: type[Section]) -> dict[str, dict[str, float]]:
    """Return the keys that a number of others switches off, each with those others and numbers."""
    facts = {name: facts_of(field) for name, field in section.model_fields.items()}
    return {name: each["not_with"] for name, each in facts.items() if "not_with" in each}


def default_of(section: type[Section], key: str) -> Any:
    """Return the default of a section's key."""
    return section.model_fields[key].get_default(call_default_factory=True)
