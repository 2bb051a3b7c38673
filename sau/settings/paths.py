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
        ValueError: there is no such user, or nothing says where the home folder is; or no file can
            have such a name.
    """
    if "\0" in text:
        raise ValueError("it holds a NUL character, which no path can")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("it holds bytes that are no text in UTF-8; rename the file") from error
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
        path = Path(with_home(text))
        if not path.is_absolute():
            check_current_folder()
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from error
    return path


def check_current_folder() -> None:
    """Make sure that relative paths lead anywhere.

    Raises:
        ValueError: the folder that the command was started in has been removed since.
    """
    try:
        Path.cwd()
    except OSError as error:
        raise ValueError(
            "the current folder is no longer there; change to one that is, and run again"
        ) from error


def _setting_with_home(text: str) -> str:
    try:
        return with_home(text)
    except ValueError as error:
        # Braces would be taken for what is to be filled in.
        raise PydanticCustomError("home", "{reason}", {"reason": str(error)}) from error


PathText = Annotated[str, AfterValidator(_setting_with_home)]
"""A setting that is a path, or may be one: with `~` at its start it is of the home folder."""
