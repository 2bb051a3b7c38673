"""What docstrings say of parameters, for help on the command line."""

import inspect
import re
from collections.abc import Callable
from typing import Any

_ARGUMENTS = re.compile(r"^Args:\n((?:    .*\n?|\n)+)", re.MULTILINE)
_ENTRY = re.compile(r"^    (\w+): ((?:.*)(?:\n {8}.*)*)", re.MULTILINE)


def argument_texts(function: Callable[..., Any]) -> dict[str, str]:
    """Return what the section `Args:` of a function's docstring says, by parameter, in one line."""
    section = _ARGUMENTS.search((inspect.getdoc(function) or "") + "\n")
    entries = _ENTRY.findall(section.group(1)) if section else []
    return {name: " ".join(text.split()) for name, text in entries}
