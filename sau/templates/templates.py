"""Prompts from templates."""

import functools
import string
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from sau.core.errors import UserError
from sau.core.random_streams import numpy_generator

PLACEHOLDERS = ("name", "article")

NO_PHRASES: Mapping[str, str] = MappingProxyType({})

Item = TypeVar("Item")


def check_template(template: str, key: str, attributes: Collection[str] = ()) -> None:
    """Check that a template names the class and has no other placeholder than those it may have.

    Args:
        template: the sentence.
        key: the setting it stands in, for the message.
        attributes: placeholders that it may have beside name and article.

    Raises:
        UserError: it does not parse, lacks {name}, or has another or a formatted placeholder.
    """
    try:
        parts = [part[1:] for part in string.Formatter().parse(template) if part[1] is not None]
    except ValueError as error:
        raise UserError(f"{key}: {template!r} does not parse: {error}") from error
    fields = {field for field, _, _ in parts}
    formatted = any(specification or conversion for _, specification, conversion in parts)
    others = [f"{{{name}}}" for name in (*PLACEHOLDERS[1:], *attributes)]
    if formatted or "name" not in fields or fields - {*PLACEHOLDERS, *attributes}:
        raise UserError(
            f"{key}: {template!r} must have {{name}} and no other placeholder than "
            f"{', '.join(others)}; write a brace itself as {{{{ or }}}}"
        )


@functools.lru_cache(maxsize=2**10)  # a template is filled again and again
def attributes_of(template: str) -> tuple[str, ...]:
    """Return the placeholders of a template beside name and article, each once, in their order."""
    fields = [field for _, field, _, _ in string.Formatter().parse(template) if field]
    return tuple(field for field in dict.fromkeys(fields) if field not in PLACEHOLDERS)


def clean_name(name: str) -> str:
    """Return a class name as it stands in a sentence: `an_aquarium_fish` gives `aquarium fish`.

    Underscores become spaces, and a leading a, an or the is left out where something follows it.
    """
    words = name.replace("_", " ").split()
    if len(words) > 1 and words[0].lower() in {"a", "an", "the"}:
        words = words[1:]
    return " ".join(words)


def article(name: str) -> str:
    """Return `an` before a vowel letter and `a` elsewhere."""
    return "an" if name[:1].lower() in set("aeiou") else "a"


def fill(
    template: str,
    name: str,
    own_article: str | None = None,
    phrases: Mapping[str, str] = NO_PHRASES,
) -> str:
    """Put a class name, its article and phrases into a template.

    Args:
        template: a sentence that `check_template` passes.
        name: the class's; it is cleaned.
        own_article: what stands for {article}; None: a or an by the name's first letter.
        phrases: what stands for each of `attributes_of` the template.
    """
    name = clean_name(name)
    its_article = article(name) if own_article is None else own_article
    text = template.format(name=name, article=its_article, **phrases)
    return " ".join(text.split()) if own_article == "" else text


def choose(templates: Sequence[Item], count: int, order: str, seed: int, key: str) -> list[Item]:
    """Choose `count` templates for one class.

    Args:
        templates: at least one; or what else there is to choose from.
        count: how many prompts the class gets.
        order: `cycle` takes the templates in turn, `sample` draws them uniformly.
        seed: of the draw.
        key: the class's name; each has a stream of its own, so a new class changes no other, and
            the first draws are the same however many there are.
    """
    if order == "cycle":
        return [templates[i % len(templates)] for i in range(count)]
    draws = numpy_generator("prompts", seed, key).integers(len(templates), size=count)
    return [templates[i] for i in draws]
