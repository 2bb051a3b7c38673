"""The page of all config keys, made from the JSON schema of the config."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

HEAD = """# Config reference

Every key of a config file, made from `workflow/schemas/config.schema.yaml` when this site is built.
A config needs `experiment`, `dataset` and `training.runs`; a key that is left out has its default.
Units stand in brackets. Unknown keys are refused, with the nearest known one.
`sau STAGE --help` says the same of one stage.
"""


def config_reference(schema: Schema, options: Mapping[str, Schema]) -> str:
    """Return the page in Markdown: a heading for each section, a table of its keys.

    Args:
        schema: of the whole config, JSON schema 2020-12; its properties are the sections. Beside
            the standard's keywords a key may have `unit`, `only_with` (other keys, and those of
            their values that give it an effect) and `affects_result`.
        options: the schema of each method's `training.options`, by the method's name.
    """
    parts = [HEAD]
    for name, section in schema["properties"].items():
        parts += section_of(name, section, schema, level=2)
    parts.append("\n## Options of the methods\n")
    parts.append("`training.options`, by `training.method`; what they mean: the methods' pages.\n")
    for name, section in options.items():
        if section.get("properties"):
            parts += section_of(name, section, section, level=3)
    return "\n".join(parts) + "\n"


def section_of(
    name: str, section: Schema, root: Schema, level: int, known: Mapping[str, Schema] | None = None
) -> Iterator[str]:
    """Yield the heading, the table and the nested sections of one mapping of the config.

    `known` are the keys of the section around it, which are not repeated.
    """
    section = resolved(section, root)
    yield f"\n{'#' * level} {name}\n"
    if section.get("description"):
        yield f"{cell(section['description'])}\n"
    variants = [resolved(variant, root) for variant in variants_of(section)]
    if variants:
        yield from variants_tables(name, variants, root, level)
        return
    keys = section.get("properties", {})
    own = {key: value for key, value in keys.items() if (known or {}).get(key) != value}
    yield from table(own, root, set(section.get("required", [])))
    if len(own) < len(keys):
        yield "Other keys of the section above may be set here too, for this entry alone.\n"
    for key, value in own.items():
        yield from nested(f"{name}.{key}", value, keys, root, level + 1)


def nested(
    name: str, value: Schema, known: Mapping[str, Schema], root: Schema, level: int
) -> Iterator[str]:
    """Yield the section of a key that is itself a mapping with known keys, or of such mappings."""
    value = resolved(value, root)
    for option in [value, *variants_of(value)]:
        form = resolved(option, root)
        if form.get("properties"):
            yield from section_of(name, form, root, level)
            return
        inner = form.get("additionalProperties")
        if isinstance(inner, Mapping) and "properties" in resolved(inner, root):
            yield from section_of(f"{name}.NAME", inner, root, level, known)
            return


def variants_tables(name: str, variants: list[Schema], root: Schema, level: int) -> Iterator[str]:
    """Yield the tables of a section of which one key says what other keys there are."""
    for variant in variants:
        keys = variant.get("properties", {})
        names = {key: fixed(value, root) for key, value in keys.items()}
        chosen = ", ".join(f"{key}: {only}" for key, only in names.items() if only)
        yield f"\n{'#' * (level + 1)} {name} with {chosen or 'these keys'}\n"
        if variant.get("description"):
            yield f"{cell(variant['description'])}\n"
        others = {key: value for key, value in keys.items() if not names[key]}
        yield from table(others, root, set(variant.get("required", [])))


def fixed(value: Schema, root: Schema) -> str:
    """Return the only value that a key may have, as text; empty if it may have others."""
    value = resolved(value, root)
    return str(value["const"]) if "const" in value else ""


def table(keys: Mapping[str, Schema], root: Schema, required: set[str]) -> Iterator[str]:
    """Yield the lines of a table of keys."""
    if not keys:
        return
    yield "| key | what it is | value | default |"
    yield "| - | - | - | - |"
    for key, value in keys.items():
        value = resolved(value, root)
        default = "required" if key in required and "default" not in value else ""
        if "default" in value:
            default = code(json.dumps(value["default"], ensure_ascii=False))
        what = ". ".join([cell(value.get("description", "")), *notes(value)])
        yield f"| `{key}` | {what} | {kind(value, root)} | {default} |"
    yield ""


def kind(value: Schema, root: Schema) -> str:
    """Say in words what a key's value may be."""
    value = resolved(value, root)
    if "const" in value:
        return code(value["const"])
    if "enum" in value:
        return ", ".join(code(choice) for choice in value["enum"])
    options = variants_of(value)
    if options:
        words = " or ".join(dict.fromkeys(kind(option, root) for option in options))
        return f"{words}{unit(value)}"
    named = value.get("type", "any")
    if isinstance(named, list):
        return " or ".join(map(str, named))
    if named == "array":
        items = value.get("items")
        return f"list of {kind(items, root)}{unit(value)}" if items else "list"
    if named == "object":
        return "mapping"
    return f"{named}{limits(value)}{unit(value)}"


def unit(value: Schema) -> str:
    """Return the unit of a value in brackets, as a table's cell may hold it."""
    return f" &#91;{cell(value['unit'])}&#93;" if value.get("unit") else ""


def notes(value: Schema) -> Iterator[str]:
    """Yield when a key has an effect, and whether any result depends on it."""
    said = []
    for key, choice in (value.get("only_with") or {}).items():
        choices = [choice] if isinstance(choice, str) else choice
        said.append(f"`{key}`: {', '.join(map(code, choices))}")
    if said:
        yield f"*Only with {'; '.join(said)}*"
    if value.get("affects_result") is False:
        yield "*No result depends on it*"


def limits(value: Schema) -> str:
    """Say in words between what a number lies."""
    words = {
        "minimum": "at least",
        "exclusiveMinimum": "above",
        "maximum": "at most",
        "exclusiveMaximum": "below",
    }
    found = [f"{word} {number(value[key])}" for key, word in words.items() if key in value]
    return f", {', '.join(found)}" if found else ""


def number(value: float) -> str:
    """Return a limit as people write it: whole numbers with commas."""
    return f"{int(value):,}" if value == int(value) else str(value)


def variants_of(value: Schema) -> list[Schema]:
    """Return the alternatives of a value, none if there is but one form."""
    return list(value.get("oneOf") or value.get("anyOf") or [])


def resolved(value: Schema, root: Schema) -> Schema:
    """Follow a reference to the definition that it names; what stands beside it goes first."""
    if "$ref" not in value:
        return value
    found: Any = root
    for part in value["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return {**resolved(found, root), **{key: v for key, v in value.items() if key != "$ref"}}


def code(value: object) -> str:
    """Return a value as code in a table's cell."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text.replace("|", "\\|").replace("\n", " ")
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def cell(text: str) -> str:
    """Return plain text as it may stand in a table's cell: no pipe, no line break, no HTML."""
    text = " ".join(text.split()).replace("|", "\\|")
    for sign in "<>*_[]{}":
        text = text.replace(sign, f"&#{ord(sign)};")
    return text
