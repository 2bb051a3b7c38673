"""The page of all config keys."""

import json
import re
from typing import Any

import yaml

from scripts.site.config_reference import cell, config_reference, kind
from tests.paths import ROOT

SCHEMA = yaml.safe_load((ROOT / "workflow" / "schemas" / "config.schema.yaml").read_text())
OPTIONS = json.loads((ROOT / "sau" / "methods" / "options.json").read_text())


def keys_of(schema: dict[str, Any], root: dict[str, Any]) -> set[str]:
    """Return the names of all keys below a mapping of the schema, whatever their depth."""
    if "$ref" in schema:
        found: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return keys_of(found, root)
    names = set(schema.get("properties", {}))
    inner = [
        *schema.get("properties", {}).values(),
        *schema.get("anyOf", []),
        *schema.get("oneOf", []),
    ]
    if isinstance(schema.get("additionalProperties"), dict):
        inner.append(schema["additionalProperties"])
    return names.union(*(keys_of(value, root) for value in inner))


def test_config_reference_names_every_key_of_every_section() -> None:
    page = config_reference(SCHEMA, OPTIONS)
    for name, section in SCHEMA["properties"].items():
        part = re.split(r"^## ", page[page.index(f"\n## {name}\n") + 4 :], flags=re.MULTILINE)[0]
        keys = keys_of(section, SCHEMA)
        assert keys, name
        assert [
            key for key in sorted(keys) if f"`{key}`" not in part and f"{key}: " not in part
        ] == []


def test_config_reference_says_what_a_value_may_be() -> None:
    assert kind({"type": "integer", "minimum": 1}, {}) == "integer, at least 1"
    assert kind({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "null"}]}, {}) == (
        "number, above 0 or null"
    )
    assert kind({"type": "array", "items": {"enum": ["a", "b"]}}, {}) == "list of `a`, `b`"
    assert kind({"type": "integer", "maximum": 4294967295}, {}) == "integer, at most 4,294,967,295"


def test_config_reference_follows_references_and_variants() -> None:
    glide = {"properties": {"source": {"const": "glide"}, "steps": {"type": "string"}}}
    schema = {
        "properties": {"images": {"description": "Images.", "oneOf": [{"$ref": "#/$defs/Glide"}]}},
        "$defs": {"Glide": glide},
    }
    page = config_reference(schema, {})
    assert "### images with source: glide\n" in page
    assert "| `steps` |  | string |" in page
    assert "`source`" not in page


def test_config_reference_has_no_markup_from_descriptions() -> None:
    assert cell("a | b\n<b>*c*</b>") == "a \\| b &#60;b&#62;&#42;c&#42;&#60;/b&#62;"


def test_config_reference_has_the_options_of_each_method() -> None:
    page = config_reference(SCHEMA, OPTIONS)
    options = page[page.index("## Options of the methods") :]
    for name, schema in OPTIONS.items():
        for key in schema["properties"]:
            assert f"\n### {name}\n" in options
            assert f"| `{key}` |" in options


def test_config_reference_says_when_a_key_counts_and_in_which_unit() -> None:
    key = {
        "description": "of a picture",
        "anyOf": [{"type": "integer", "minimum": 8}, {"type": "null"}],
        "default": None,
        "unit": "pixels",
        "only_with": {"source": ["glide", "diffusers"]},
        "affects_result": False,
    }
    page = config_reference({"properties": {"images": {"properties": {"height": key}}}}, {})
    assert (
        "| `height` | of a picture. *Only with `source`: `glide`, `diffusers`*. *No result depends "
        "on it* | integer, at least 8 or null &#91;pixels&#93; | `null` |"
    ) in page
