"""The JSON schema of a section, made from its declarations."""

from typing import Any

from sau.settings.section import Section, conditions_of, default_of, numbers_against


def schema_of(section: type[Section]) -> dict[str, Any]:
    """Return the schema of a section (JSON Schema 2020-12): every key described, no other allowed.

    A key has its `unit`, `only_with`, `not_with` and `affects_result: false` beside what JSON
    Schema knows. Where other keys leave one without effect, `allOf` holds it to its default.
    """
    found = section.model_json_schema().get("properties", {})
    schema = {
        "description": (section.__doc__ or "").strip().split("\n")[0],
        "type": "object",
        "properties": {key: _plain(value) for key, value in found.items()},
        "additionalProperties": False,
    }
    rules = _rules(section)
    return schema | ({"allOf": rules} if rules else {})


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a key's schema, its description first, without the title that repeats the key."""
    return {"description": schema["description"]} | {
        name: value for name, value in schema.items() if name != "title"
    }


def _rules(section: type[Section]) -> list[dict[str, Any]]:
    """Return a rule for each set of conditions: if they do not hold, its keys have defaults.

    A section that knows more of what is without effect, or leaves it to others, has none.
    """
    if not section.refuses_idle or section.idle is not Section.idle:
        return []
    return [
        {"if": condition, "then": {"properties": _held_to_defaults(section, keys)}}
        for condition, keys in [*_other_words(section), *_their_numbers(section)]
    ]


def _other_words(section: type[Section]) -> list[tuple[dict[str, Any], list[str]]]:
    """Return what says that the words which switch keys on are not there, with those keys."""
    conditions = conditions_of(section)
    found = []
    for wanted in {str(each): each for each in conditions.values()}.values():
        needed = [key for key, values in wanted.items() if default_of(section, key) not in values]
        holds = {"properties": {key: {"enum": values} for key, values in wanted.items()}}
        idle = [key for key, each in conditions.items() if each == wanted]
        found.append(({"not": holds | ({"required": needed} if needed else {})}, idle))
    return found


def _their_numbers(section: type[Section]) -> list[tuple[dict[str, Any], list[str]]]:
    """Return what says that a number which switches keys off is there, with those keys."""
    numbers = numbers_against(section)
    pairs = {(other, number) for each in numbers.values() for other, number in each.items()}
    found = []
    for other, number in sorted(pairs):
        needed = [] if default_of(section, other) == number else [other]
        holds: dict[str, Any] = {"properties": {other: {"const": number}}}
        idle = [key for key, each in numbers.items() if each.get(other) == number]
        found.append((holds | ({"required": needed} if needed else {}), idle))
    return found


def _held_to_defaults(section: type[Section], keys: list[str]) -> dict[str, Any]:
    return {key: {"const": default_of(section, key)} for key in keys}
