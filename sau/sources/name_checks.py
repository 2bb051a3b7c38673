"""Class names that prompts, tables and pages can hold: words in one line, of a bounded length."""

import re
from collections.abc import Sequence

from sau.core.errors import UserError
from sau.sources.naming import quoted

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
