"""The strict JSON schema of a config file, made from the typed sections."""

from typing import Any

from sau.config.config import SECTIONS
from sau.methods.described import descriptions
from sau.methods.registry import method_names
from sau.settings.schema import schema_of

FACTOR_NAME = r"^(as-is|[0-9.]+(e\+[0-9]+)?)$"
"""Imbalance factors as folder names have them."""

RUN_NAME = "^[a-z0-9][a-z0-9-]*$"
"""Keys of `training.runs` become folder names."""


def json_schema() -> dict[str, Any]:
    """Return the schema (JSON Schema 2020-12): every key described, no other key allowed."""
    properties = {name: schema_of(section) for name, section in SECTIONS.items()}
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
            "allOf": [_options_rule(name) for name in method_names()],
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of sau",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "required": ["experiment", "dataset", "training"],
        "$defs": {f"options of {name}": descriptions()[name] for name in method_names()},
    }


def _options_rule(method: str) -> dict[str, Any]:
    """Return the rule for a row that names this method: its options are those of the method."""
    options = {"$ref": f"#/$defs/options of {method}"}
    by_factor = {"additionalProperties": options}
    return {
        "if": {"properties": {"method": {"const": method}}, "required": ["method"]},
        "then": {"properties": {"options": options, "options_by_factor": by_factor}},
    }
