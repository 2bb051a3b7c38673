"""Waits of the CPU for a GPU, made errors."""

import pkgutil
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
import torch

Result = TypeVar("Result")


def without_waiting(function: Callable[..., Result]) -> Callable[..., Result]:
    """Return `function` as one that raises where it waits for the GPU.

    The first call may wait: libraries start, and memory is taken.
    """
    called = False

    def strict(*arguments: Any, **options: Any) -> Result:
        nonlocal called
        if not called:
            called = True
            return function(*arguments, **options)
        before = torch.cuda.get_sync_debug_mode()
        torch.cuda.set_sync_debug_mode("error")
        try:
            return function(*arguments, **options)
        finally:
            torch.cuda.set_sync_debug_mode(before)

    return strict


def refuse_waits(patch: pytest.MonkeyPatch, place: str) -> None:
    """Put a function that may not wait in the place of one, named as module.function."""
    patch.setattr(place, without_waiting(pkgutil.resolve_name(place)))
