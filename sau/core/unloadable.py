"""What libraries raise on a model folder or file that is damaged, incomplete or of another kind."""

import pickle

from safetensors import SafetensorError

UNLOADABLE = (
    *(OSError, RuntimeError, ValueError, TypeError, LookupError, AttributeError),
    *(ArithmeticError, AssertionError, ImportError, StopIteration, EOFError),
    *(pickle.UnpicklingError, SafetensorError),
)
"""To be caught around loading alone, and told as the user's error."""

LONGEST_REASON = 300
"""Letters; PyTorch lists each weight that does not fit."""


def reason_of(error: BaseException) -> str:
    """Return the error's kind and text in one line, cut."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:LONGEST_REASON]
