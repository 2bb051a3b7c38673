"""The JSON schema of a section, made from its declarations."""

from typing import Any

from sau.settings.section import Section


def schema_of(section: type[Section]) -> dict[str, Any]:
    """Return the schema of a section (JSON Schema 2020-12): every key described, no other allowed.

    A key has its `unit`, `only_with` and `affects_result: false` beside what JSON Schema knows.
    """
    found = section.model_json_schema().get("properties", {})
    return {
        "description": (section.__doc__ or "").strip().split("\n")[0],
        "type": "object",
        "properties": {key: _plain(schema) for key, schema in found.items()},
        "additionalProperties": False,
    }


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a key's schema, its description first, without the title that repeats the key."""
    return {"description": schema["description"]} | {
        name: value for name, value in schema.items() if name != "title"
    }
