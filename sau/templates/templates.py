"""Prompts from templates."""

import string
from collections.abc import Sequence
from typing import TypeVar

from sau.core.errors import UserError
from sau.core.random_streams import numpy_generator

PLACEHOLDERS = {"name", "article"}

Item = TypeVar("Item")


def check_template(template: str, key: str) -> None:
    """Check that a template names the class and has no other placeholder than name and article.

    Args:
        template: the sentence.
        key: the setting it stands in, for the message.

    Raises:
        UserError: it does not parse, lacks {name}, or has another or a formatted placeholder.
    """
    try:
        parts = [part[1:] for part in string.Formatter().parse(template) if part[1] is not None]
    except ValueError as error:
        raise UserError(f"{key}: {template!r} does not parse: {error}") from error
    fields = {field for field, _, _ in parts}
    formatted = any(specification or conversion for _, specification, conversion in parts)
    if formatted or "name" not in fields or fields - PLACEHOLDERS:
        raise UserError(
            f"{key}: {template!r} must have {{name}} and no other placeholder than {{article}}; "
            "write a brace itself as {{ or }}"
        )


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


def fill(template: str, name: str, own_article: str | None = None) -> str:
    """Put a class name, and its article, into a template.

    Args:
        template: a sentence that `check_template` passes.
        name: the class's; it is cleaned.
        own_article: what stands for {article}; None: a or an by the name's first letter.
    """
    name = clean_name(name)
    text = template.format(name=name, article=article(name) if own_article is None else own_article)
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
