"""What YAML reads otherwise than it looks, or keeps only a part of: refused with its line."""

import math
import re
from collections.abc import Iterator

import yaml

from sau.core.errors import UserError

MAX_DEPTH = 40
"""Of mappings and lists within each other; a config has six."""

MAX_VALUES = 200_000
"""With each alias counted as what it stands for: a few lines of aliases may stand for billions."""

_TAG = "tag:yaml.org,2002:"
_TEXT = f"{_TAG}str"
_KNOWN = {
    f"{_TAG}{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq", "merge")
}
_RESOLVER = yaml.resolver.Resolver()
_OCTAL = re.compile(r"[-+]?0[0-9_]+")
_MOST_DIGITS = 40
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""Also halves of surrogate pairs, which no UTF-8 holds."""


def check_nodes(root: yaml.Node, file: str) -> None:
    """Refuse what no two readers of a config file would take for the same.

    That is a key that stands twice in one mapping, of which YAML keeps the last; numbers that YAML
    1.1 takes for octal (`016` is 14) or sexagesimal (`1:30` is 90), that are not finite or
    too long; dates; yes, no, on and off in a list; tags; nesting or aliases without bounds.

    Args:
        root: of a document that `yaml.compose` made.
        file: what to blame.

    Raises:
        UserError: the first of them, with its line.
    """
    for number, node in enumerate(_all_nodes(root, file, [])):
        if number >= MAX_VALUES:
            raise UserError(
                f"{file}: more than {MAX_VALUES:,} values, with aliases counted as what they stand "
                "for; write fewer"
            )
        problem = _tag_problem(node) or (isinstance(node, yaml.ScalarNode) and _odd_scalar(node))
        if problem:
            raise UserError(f"{file}: line {_line(node)}: {problem}")


def _all_nodes(node: yaml.Node, file: str, above: list[str]) -> Iterator[yaml.Node]:
    """Yield a node and all below it, keys too; aliases lead to the same ones again."""
    if len(above) > MAX_DEPTH:
        raise UserError(
            f"{file}: line {_line(node)}: nested more than {MAX_DEPTH} deep, or within itself by "
            "an alias; a config has sections with keys"
        )
    yield node
    if isinstance(node, yaml.SequenceNode):
        for part in node.value:
            if _is_switch_word(part):
                raise UserError(
                    f"{file}: line {_line(part)}: {part.value} in a list is a switch to YAML; put "
                    "it in quotes"
                )
            yield from _all_nodes(part, file, [*above, "-"])
    elif isinstance(node, yaml.MappingNode):
        _refuse_repeated(node, file, above)
        for key, value in node.value:
            yield from _all_nodes(key, file, [*above, "?"])
            yield from _all_nodes(value, file, [*above, str(key.value)])


def _refuse_repeated(node: yaml.MappingNode, file: str, above: list[str]) -> None:
    lines: dict[str, int] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise UserError(f"{file}: line {_line(key)}: a list or mapping as a key; write a word")
        if key.value in lines:
            name = ".".join(part for part in [*above, key.value] if part != "-")
            raise UserError(
                f"{file}: {name} stands in line {lines[key.value]} and in line {_line(key)}, and "
                "only one could count; rename one or drop it"
            )
        lines[key.value] = _line(key)


def _tag_problem(node: yaml.Node) -> str:
    """Return what is wrong with a tag that the file sets; text may be tagged as such."""
    if isinstance(node, yaml.ScalarNode) and node.tag not in (_TEXT, _implicit_tag(node)):
        return f"the tag {node.tag.replace(_TAG, '!!')}; write the value without it"
    if node.tag in _KNOWN:
        return ""
    if node.tag == f"{_TAG}timestamp":
        return f"{node.value} is a date to YAML; put it in quotes"
    if node.tag == f"{_TAG}value":
        return "= has a meaning of its own in YAML; put it in quotes"
    return f"the tag {node.tag.replace(_TAG, '!!')}; write the value without it"


def _implicit_tag(node: yaml.ScalarNode) -> str:
    """Return the tag that a scalar has by its looks."""
    plain = node.style is None
    tag: str = _RESOLVER.resolve(yaml.ScalarNode, node.value, (plain, not plain))  # type: ignore[no-untyped-call]
    return tag


def _odd_scalar(node: yaml.ScalarNode) -> str:
    """Return what is wrong with a number, or with what escapes in a text stand for."""
    text = node.value
    control = CONTROL.search(text)
    if control:
        return f"the control character U+{ord(control.group()):04X} in a text; remove it"
    if node.tag not in (f"{_TAG}int", f"{_TAG}float"):
        return ""
    if len(text) > _MOST_DIGITS:
        return f"a number of {len(text)} digits; expected at most {_MOST_DIGITS}"
    if ":" in text:
        return f"{text} is a number to base 60 in YAML; put it in quotes, or write it in tens"
    if node.tag == f"{_TAG}int" and _OCTAL.fullmatch(text):
        return f"{text} is an octal number in YAML; drop the leading zero, or put it in quotes"
    if node.tag == f"{_TAG}float" and not math.isfinite(_as_float(text)):
        return f"{text} is no finite number; expected one"
    return ""


def _as_float(text: str) -> float:
    lower = text.lower().replace("_", "")
    return float(lower.replace(".inf", "inf").replace(".nan", "nan"))


def _is_switch_word(node: yaml.Node) -> bool:
    """Return whether a scalar is a word that YAML 1.1 alone takes for true or false."""
    is_plain = isinstance(node, yaml.ScalarNode) and node.style is None
    return is_plain and node.tag == f"{_TAG}bool" and node.value.lower() not in ("true", "false")


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
