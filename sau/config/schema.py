"""The strict JSON schema of a config file, made from the typed sections."""

import dataclasses
import types
import typing
from typing import Any, Literal, Union

from sau.config.config import SECTIONS
from sau.settings.section import Section, strip_optional

FACTOR_NAME = r"^(as-is|[0-9.]+(e\+[0-9]+)?)$"
"""Imbalance factors as folder names have them."""

RUN_NAME = "^[a-z0-9][a-z0-9-]*$"
"""Keys of `training.runs` become folder names."""

_TYPES: dict[Any, str] = {int: "integer", float: "number", str: "string", bool: "boolean"}


def json_schema() -> dict[str, Any]:
    """Return the schema (JSON Schema 2020-12): every key described, no other key allowed."""
    properties = {name: _section(section) for name, section in SECTIONS.items()}
    training = properties["training"]["properties"]
    row = {
        "label": {"type": "string", "description": "what the row is called in tables"},
        "paper": {
            "type": "string",
            "description": "method of the table report.paper_table beside which the row stands",
        },
        "options_by_factor": {
            "type": "object",
            "description": "options that differ at an imbalance factor, by the factor in quotes, "
            'such as {"10": {consistency_weight: 2}}',
            "propertyNames": {"pattern": FACTOR_NAME},
            "additionalProperties": {"type": "object"},
        },
    }
    training["runs"] = {
        "description": "rows of the table, each with settings of its own on top of the section's",
        "type": "object",
        "propertyNames": {"pattern": RUN_NAME},
        "additionalProperties": {
            "type": "object",
            "properties": {**row, **{k: v for k, v in training.items() if k != "runs"}},
            "additionalProperties": False,
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of sau",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "required": ["experiment", "dataset", "training"],
    }


def _section(section: type[Section]) -> dict[str, Any]:
    hints = typing.get_type_hints(section)
    return {
        "description": (section.__doc__ or "").strip().split("\n")[0],
        "type": "object",
        "properties": {f.name: _key(f, hints[f.name]) for f in dataclasses.fields(section)},
        "additionalProperties": False,
    }


def _key(field: "dataclasses.Field[Any]", hint: Any) -> dict[str, Any]:
    unit = field.metadata.get("unit")
    text = field.metadata["description"] + (f" [{unit}]" if unit else "")
    default = field.default
    if field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    return {"description": text, "default": default, **_type(hint, field.metadata)}


def _type(hint: Any, limits: Any) -> dict[str, Any]:
    inner, optional = strip_optional(hint)
    if optional:
        return {"anyOf": [_type(inner, limits), {"type": "null"}]}
    origin = typing.get_origin(inner)
    if origin is Literal:
        return {"enum": list(typing.get_args(inner))}
    if origin is list:
        return {"type": "array", "items": _type(typing.get_args(inner)[0], limits)}
    if origin is dict:
        return {"type": "object"}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_type(part, limits) for part in typing.get_args(inner)]}
    return {"type": _TYPES[inner], **(_range(limits) if inner in (int, float) else {})}


def _range(limits: Any) -> dict[str, Any]:
    names = {"minimum": "minimum", "above": "exclusiveMinimum"}
    names |= {"maximum": "maximum", "below": "exclusiveMaximum"}
    return {names[key]: limits[key] for key in names if limits.get(key) is not None}
