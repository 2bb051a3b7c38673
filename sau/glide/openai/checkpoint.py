"""Published checkpoints, read without running anything that they hold."""

import re
import struct
import warnings
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import Tensor

from sau.core.errors import UserError

# What torch.load raises on files that are cut, damaged or something else, found by trying it on
# thousands of them.
DAMAGED = (
    *(UnpicklingError, RuntimeError, EOFError, ValueError, LookupError, TypeError),
    *(AttributeError, AssertionError, struct.error),
)

_FOREIGN = re.compile(r"GLOBAL (\S+)")


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """Read a PyTorch state dict: tensors by name, on the CPU.

    Only tensors are unpickled (`weights_only`): a file that asks for any other object, as one that
    would run code does, is refused before anything of it runs.

    Raises:
        UserError: no such file, or it is cut, damaged, or holds anything but named tensors.
    """
    if not path.is_file():
        raise UserError(
            f"{path}: no such checkpoint; `sau fetch glide` downloads the published ones"
        )
    try:
        with warnings.catch_warnings(action="ignore"):  # of pickles that are refused anyway
            state = torch.load(path, map_location="cpu", weights_only=True)
    except DAMAGED as error:
        raise UserError(f"{path}: {_why(error)}") from error
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error
    return named_tensors(state, path)


def named_tensors(state: object, path: Path) -> dict[str, Tensor]:
    """Return what was read as a plain dictionary, if it is one of named tensors.

    Raises:
        UserError: it is not.
    """
    expected = "expected a dictionary of tensors, as in the published base.pt"
    if not isinstance(state, Mapping):
        raise UserError(f"{path}: holds a {type(state).__name__}; {expected}")
    for name, value in state.items():
        if not isinstance(value, Tensor):
            raise UserError(f"{path}: {name!r} is a {type(value).__name__}; {expected}")
    return {str(name): value for name, value in state.items()}


def _why(error: BaseException) -> str:
    """Return in one line what is wrong with a file that did not load."""
    foreign = _FOREIGN.search(str(error))
    if foreign:
        return (
            f"refused: it holds {foreign.group(1)}, which is no tensor and could run code; "
            "give a published checkpoint"
        )
    return (
        "not a whole PyTorch checkpoint: cut, damaged or another kind of file; "
        "compare its size and SHA-256, or fetch it again"
    )
