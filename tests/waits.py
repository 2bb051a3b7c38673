"""Waits of the CPU for a GPU, made errors."""

from collections.abc import Callable
from typing import Any, TypeVar

import pytest
import torch

Result = TypeVar("Result")


def without_waiting(function: Callable[..., Result], first_calls: int = 1) -> Callable[..., Result]:
    """Return `function` as one that raises where it waits for the GPU.

    Its first calls may: libraries start, and memory is taken.
    """
    calls = 0

    def strict(*arguments: Any, **options: Any) -> Result:
        nonlocal calls
        calls += 1
        if calls <= first_calls:
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
    module, name = place.rsplit(".", 1)
    function = getattr(__import__(module, fromlist=[name]), name)
    patch.setattr(place, without_waiting(function))
