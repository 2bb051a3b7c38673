"""What the strict device refuses and records, in a process of its own: see tests/accelerator.py.

python -m tests.accelerator_examples FILE: the file gets JSON of what was found.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from tests.accelerator import DEVICE, accelerator


def main() -> dict[str, Any]:
    """Return what came of each example: a value, the error, or the waits' operations."""
    with accelerator() as device:
        there = torch.arange(6.0).to(DEVICE, non_blocking=True)
        here = torch.arange(6.0)
        examples: dict[str, Callable[[], Any]] = {
            "a product of both": lambda: there * here,
            "a stack of both": lambda: torch.stack([there.sum(), torch.tensor(1.0)]),
            "NumPy": there.numpy,
            "a product": lambda: there * there,
            "a number of the CPU": lambda: there * torch.tensor(2.0),
            "a value": lambda: there[0].item(),
            "a truth": lambda: bool(there.sum() > 3),
            "a list": there.tolist,
            "a mask": lambda: there[there > 3],
            "places of the device": lambda: there[torch.zeros(2, dtype=torch.int64, device=DEVICE)],
            "places of the CPU": lambda: there[torch.tensor([0, 1])],
            "numbers": lambda: torch.tensor([1.0, 2.0], device=DEVICE),
            "places in a list": lambda: there[[0, 2]],
            "a copy into the CPU's memory": lambda: here.copy_(there, non_blocking=True),
            "draws": lambda: there.multinomial(2),
            "an inverse": lambda: torch.linalg.inv(there.new_ones(1, 1)),
            "a copy": lambda: there.cpu(),
            "a copy that nobody waits for": lambda: there.to("cpu", non_blocking=True),
        }
        found = {name: _outcome(example, device.waits) for name, example in examples.items()}
        found["slope"] = _slope()
    return found


def _outcome(example: Callable[[], Any], waits: list[Any]) -> str:
    before = len(waits)
    try:
        example()
    except (RuntimeError, TypeError) as error:
        return type(error).__name__
    return ", ".join(wait.operation for wait in waits[before:])


def _slope() -> Any:
    """Return the gradient of a sum of squares."""
    weights = torch.tensor([1.0, -2.0, 3.0]).to(DEVICE).requires_grad_()
    torch.autograd.backward(weights.square().sum())
    assert weights.grad is not None
    assert weights.grad.device == DEVICE
    return weights.grad.tolist()


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(main()))
