"""Class names that prompts, tables and pages can hold: words in one line, of a bounded length."""

import logging
import re
import unicodedata
from collections.abc import Sequence

from sau.core.errors import UserError
from sau.sources.naming import labels_by_name, plain_name, quoted

log = logging.getLogger(__name__)

MOST_CHARACTERS = 500
"""Of a name: texts of prompts are cut far below it."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Also line ends of Unicode, and halves of surrogate pairs, which no UTF-8 holds."""


def check_class_names(names: Sequence[str], where: str) -> None:
    """Refuse a class name that holds a control character or a line end, or is too long.

    Args:
        names: in label order.
        where: what to blame.

    Raises:
        UserError: the first such name, with its label.
    """
    for label, name in enumerate(names):
        found = _CONTROL.search(name)
        if found:
            raise UserError(
                f"{where}: the name of class {label}, {quoted(name)}, holds the control "
                f"character U+{ord(found.group()):04X}; rename it"
            )
        if len(name) > MOST_CHARACTERS:
            raise UserError(
                f"{where}: the name of class {label}, {quoted(name)}, has {len(name)} "
                f"characters; expected at most {MOST_CHARACTERS}, rename it"
            )


def warn_of_alike(names: Sequence[str], where: str) -> None:
    """Say which class names look alike: they differ in case, spaces, or in width of letters only.

    Args:
        names: in label order.
        where: what to blame.
    """
    plain = labels_by_name(unicodedata.normalize("NFKC", plain_name(name)) for name in names)
    alike = [labels for labels in plain.values() if len(labels) > 1]
    if alike:
        first, second = (quoted(names[label]) for label in alike[0][:2])
        log.warning(
            "%s: classes %s and %s differ in case or spaces only (%d such names); if they are one "
            "class, call them alike",
            where,
            first,
            second,
            len(alike),
        )
