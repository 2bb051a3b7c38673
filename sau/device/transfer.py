"""Tensors to the device and back, with no wait for what a GPU is doing meanwhile."""

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor


def upload(host: Tensor, device: torch.device) -> Tensor:
    """Return a tensor on `device`; the same one if it is there."""
    if device.type == "cuda" and host.device.type == "cpu":
        host = host.pin_memory()  # only from there a copy runs beside the kernels
    return host.to(device, non_blocking=True)


class Download:
    """Tensors on their way to the CPU; later work of the GPU is not waited for.

    Args:
        tensors: by name, on one device.
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self._host = {name: one.to("cpu", non_blocking=True) for name, one in tensors.items()}
        self._events: list[torch.cuda.Event] = []
        if any(one.is_cuda for one in tensors.values()):
            event = torch.cuda.Event()  # type: ignore[no-untyped-call]
            event.record()
            self._events.append(event)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the tensors as arrays, by name, once they have arrived."""
        for event in self._events:
            event.synchronize()
        return {name: one.numpy() for name, one in self._host.items()}
