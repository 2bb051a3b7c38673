"""Model folders and files that are damaged, incomplete or of another kind."""

import pickle
import re
from collections.abc import Iterator
from contextlib import contextmanager

from sau.core.errors import UserError
from sau.core.no_input import without_input

LONGEST_REASON = 300
"""Letters; PyTorch lists each weight that does not fit."""

_FOREIGN = re.compile(r"GLOBAL (\S+)")
"""What PyTorch says a pickle holds besides tensors."""

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@contextmanager
def loading(what: str) -> Iterator[None]:
    """Tell whatever is raised inside as the user's error; standard input is closed meanwhile.

    To be put around libraries that load alone. What they raise on bad files is of any kind: a
    tokenizer's is a bare `Exception`.

    Args:
        what: the setting, its value and what it should have been, before a colon and the reason.

    Raises:
        UserError: anything was raised; a `UserError` stays what it is.
    """
    try:
        with without_input():
            yield
    except UserError:
        raise
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # panics of libraries in Rust are no `Exception`
        raise UserError(f"{what}: {reason_of(error)}") from error


def reason_of(error: BaseException) -> str:
    """Return the error's kind and text in one line, cut."""
    if isinstance(error, pickle.UnpicklingError):  # PyTorch's own text advises to run it
        foreign = _FOREIGN.search(str(error))
        if foreign:
            return f"UnpicklingError: it holds {foreign[1]}, which is no tensor and could run code"
        return (
            "UnpicklingError: it is no whole file of PyTorch's weights, but cut, damaged or another"
        )
    plain = _COLOURS.sub("", f"{type(error).__name__}: {error}")
    return " ".join(plain.split())[:LONGEST_REASON]
