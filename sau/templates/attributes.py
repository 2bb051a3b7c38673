"""What varies from prompt to prompt, such as place and light: phrases for a template's gaps."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sau.core.errors import UserError
from sau.core.random_streams import numpy_generator
from sau.templates.phrase_lists import LISTS
from sau.templates.templates import PLACEHOLDERS

MOST_PHRASES = 100
"""That a language model is asked for, of one attribute."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def check_attributes(attributes: Mapping[str, Any], key: str) -> None:
    """Check attributes: each a list of phrases, a shipped one's name, or how many to ask for.

    Args:
        attributes: by the name that stands in a template's braces.
        key: the setting they stand in, for the message.

    Raises:
        UserError: a name that no template can have; neither a list, nor the name of one, nor such a
            number; a phrase that is empty, no text, or there twice.
    """
    for name, phrases in attributes.items():
        where = f"{key}.{name}"
        if not _NAME.fullmatch(name) or name in PLACEHOLDERS:
            raise UserError(
                f"{where}: no name of an attribute; expected lower-case letters, digits and _, "
                f"other than {' and '.join(PLACEHOLDERS)}"
            )
        if isinstance(phrases, list):
            _check_phrases(phrases, where)
        elif phrases not in LISTS and not _is_count(phrases):
            raise UserError(
                f"{where}: {phrases!r} must be a list of phrases; or how many a language model is "
                f"asked for, 2 to {MOST_PHRASES}; or the name of a shipped list: {', '.join(LISTS)}"
            )


def balanced(phrases: Sequence[str], *names: str | int) -> Iterator[str]:
    """Yield phrases without end: all of them, each time round in another order.

    Of the first n, each of k phrases comes floor(n / k) or ceil(n / k) times, and the first ones
    are the same however many are taken. Attributes that are drawn so side by side, from streams of
    their own, are a Latin hypercube sample of the grid of all their combinations (McKay, Beckman
    and Conover, Technometrics 21, 1979).

    Args:
        phrases: at least one.
        names: of the stream.
    """
    generator = numpy_generator(*names)
    while True:
        yield from (phrases[place] for place in generator.permutation(len(phrases)))


def _is_count(value: Any) -> bool:
    return type(value) is int and 2 <= value <= MOST_PHRASES


def _check_phrases(phrases: Sequence[Any], where: str) -> None:
    if not phrases:
        raise UserError(f"{where}: empty; give at least one phrase, or leave it out")
    for phrase in phrases:
        if not isinstance(phrase, str) or not phrase.strip():
            raise UserError(f"{where}: {phrase!r} must be a text with something in it")
    twice = [phrase for place, phrase in enumerate(phrases) if phrase in phrases[:place]]
    if twice:
        raise UserError(f"{where}: {twice[0]!r} is there twice; name each phrase once")
