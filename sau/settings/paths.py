"""Paths as people write them: `~` is their home folder, in a config file and in a flag."""

import argparse
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError


def with_home(text: str) -> str:
    """Return a path whose first part, if it is `~` or `~USER`, is that user's home folder.

    Shells do the same, but not behind a `=`, and not in a file.

    Raises:
        ValueError: there is no such user, or nothing says where the home folder is.
    """
    if not text.startswith("~"):
        return text
    try:
        return str(Path(text).expanduser())
    except RuntimeError as error:
        first = Path(text).parts[0]
        raise ValueError(
            f"no home folder is known for {first}; write the whole path, or ./{text} for a name "
            "that begins so"
        ) from error


def path_flag(text: str) -> Path:
    """Return a flag's value as a path, for argparse."""
    try:
        return Path(with_home(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from error


def _setting_with_home(text: str) -> str:
    try:
        return with_home(text)
    except ValueError as error:
        # Braces would be taken for what is to be filled in.
        raise PydanticCustomError("home", "{reason}", {"reason": str(error)}) from error


PathText = Annotated[str, AfterValidator(_setting_with_home)]
"""A setting that is a path, or may be one: with `~` at its start it is of the home folder."""
