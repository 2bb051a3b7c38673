"""The methods' options as `options.json` describes them, for whoever must not load torch.

`python -m sau.methods` writes that file from the classes in the methods' own files; a test compares
the two.
"""

import functools
import json
from pathlib import Path
from typing import Any, Literal

from pydantic import create_model

from sau.methods.registry import METHODS, method_names, options_of
from sau.settings.names import unknown_key
from sau.settings.schema import schema_of
from sau.settings.section import Section, setting

FILE = Path(__file__).with_name("options.json")

_TYPES: dict[str, type] = {"integer": int, "number": float, "string": str, "boolean": bool}
_ARGUMENTS = {
    "minimum": "minimum",
    "exclusiveMinimum": "above",
    "maximum": "maximum",
    "exclusiveMaximum": "below",
    "unit": "unit",
    "only_with": "only_with",
    "not_with": "not_with",
}
"""What a schema says of a key, as `setting` calls it."""


def describe_all() -> dict[str, Any]:
    """Return the description of each method's options, by name; this loads torch."""
    return {name: schema_of(options_of(name)) for name in method_names()}


def described_options(name: str) -> type[Section]:
    """Return a class of options with the keys, defaults and checks of `options_of(name)`.

    Raises:
        ValueError: no method has that name.
    """
    if name not in METHODS:
        raise ValueError(unknown_key(f"name: {name!r}", name, METHODS, "method"))
    return _described(name)


@functools.cache
def descriptions() -> dict[str, Any]:
    """Return the schema of each method's options, by name, as `options.json` has it."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


@functools.cache
def _described(name: str) -> type[Section]:
    description = descriptions()[name]
    fields: dict[str, Any] = {
        key: (_hint(schema), _setting(schema)) for key, schema in description["properties"].items()
    }
    return create_model(
        f"{name}_options", __base__=Section, __doc__=description["description"], **fields
    )


def _hint(schema: dict[str, Any]) -> Any:
    return Literal[tuple(schema["enum"])] if "enum" in schema else _TYPES[schema["type"]]


def _setting(schema: dict[str, Any]) -> Any:
    facts: dict[str, Any] = {_ARGUMENTS[key]: schema[key] for key in schema if key in _ARGUMENTS}
    return setting(schema["default"], schema["description"], **facts)
