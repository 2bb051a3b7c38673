"""The methods' options as `options.json` describes them, for whoever must not load torch.

`python -m sau.methods` writes that file from the classes in the methods' own files; a test compares
the two.
"""

import dataclasses
import functools
import json
import typing
from pathlib import Path
from typing import Any, Literal

from sau.methods.registry import METHODS, method_names, options_of
from sau.settings.section import Section, setting, unknown_key

FILE = Path(__file__).with_name("options.json")

_TYPES: dict[str, type] = {"integer": int, "number": float, "string": str, "boolean": bool}
_NAMES = {kind: name for name, kind in _TYPES.items()}
_LIMITS = {
    "minimum": "minimum",
    "above": "exclusiveMinimum",
    "maximum": "maximum",
    "below": "exclusiveMaximum",
}


def describe_all() -> dict[str, Any]:
    """Return the description of each method's options, by name; this loads torch."""
    return {name: _describe(options_of(name)) for name in method_names()}


def described_options(name: str) -> type[Section]:
    """Return a class of options with the keys, defaults and checks of `options_of(name)`.

    Raises:
        ValueError: no method has that name.
    """
    if name not in METHODS:
        raise ValueError(unknown_key(f"name: {name!r}", name, METHODS, "method"))
    return _described(name)


def _describe(options: type[Section]) -> dict[str, Any]:
    hints = typing.get_type_hints(options)
    fields = dataclasses.fields(options)
    return {
        "description": (options.__doc__ or "").strip().split("\n")[0],
        "type": "object",
        "properties": {field.name: _describe_field(field, hints[field.name]) for field in fields},
        "additionalProperties": False,
        "onlyOf": {
            key: [switch, list(values)] for key, (switch, values) in options.only_of.items()
        },
    }


def _describe_field(field: "dataclasses.Field[Any]", hint: Any) -> dict[str, Any]:
    unit = field.metadata["unit"]
    text = field.metadata["description"] + (f" [{unit}]" if unit else "")
    limits = {
        _LIMITS[key]: field.metadata[key] for key in _LIMITS if field.metadata[key] is not None
    }
    is_choice = typing.get_origin(hint) is Literal
    kind = {"enum": list(typing.get_args(hint))} if is_choice else {"type": _NAMES[hint]}
    return {"description": text, "default": field.default, **kind, **limits}


@functools.cache
def _described(name: str) -> type[Section]:
    description = json.loads(FILE.read_text(encoding="utf-8"))[name]
    fields = [
        (key, _hint(key_description), _setting(key_description))
        for key, key_description in description["properties"].items()
    ]
    only_of = {key: (switch, tuple(v)) for key, (switch, v) in description["onlyOf"].items()}
    namespace = {
        "__doc__": description["description"],
        "section": "training.options",
        "only_of": only_of,
    }
    return dataclasses.make_dataclass(
        f"{name}_options", fields, bases=(Section,), namespace=namespace, frozen=True
    )


def _hint(description: dict[str, Any]) -> Any:
    if "enum" in description:
        return Literal[tuple(description["enum"])]
    return _TYPES[description["type"]]


def _setting(description: dict[str, Any]) -> Any:
    limits: dict[str, Any] = {key: description.get(name) for key, name in _LIMITS.items()}
    return setting(description["default"], description["description"], **limits)
