"""A device made of the CPU that is as strict as a GPU, for machines without one.

Its tensors have values, and gradients, but no operation takes them together with the CPU's, and
every wait for the device is recorded. What it cannot show: speed, rounding, and what a GPU's own
kernels do; copies that are read before they have arrived; and waits of operations that it does not
know (`WAITING`), or that begin only above some size, as copies from pageable memory do.

PyTorch learns of it once, before a process's first gradients, so the tests have it in processes of
their own: `strict_runs.py` in several folders.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import pytest
import torch
from torch import Tensor, nn
from torch.utils import backend_registration
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

needs_accelerator = pytest.mark.skipif(
    not hasattr(backend_registration, "_setup_privateuseone_for_python_backend"),
    reason="this PyTorch has no devices written in Python",
)

NAME = "strict"
DEVICE = torch.device("privateuseone", 0)

# Their results come from values of the device, or have a shape that depends on such values.
WAITING = {
    *("_local_scalar_dense", "item", "is_nonzero", "equal", "bincount", "repeat_interleave"),
    *("nonzero", "nonzero_numpy", "masked_select", "unique_consecutive", "unique_dim"),
    *("unique", "_unique", "_unique2", "multinomial", "allclose", "_linalg_check_errors"),
}
JOINING = {"cat", "stack"}
INDEXING = {"index", "index_put", "index_put_", "_index_put_impl_", "_unsafe_index"}


@dataclass(frozen=True)
class Wait:
    """An operation that waits for the device, and the functions that led to it, outermost first."""

    operation: str
    functions: tuple[str, ...]


class DeviceTensor(Tensor):
    """A tensor of the device; `held` has its values."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> "DeviceTensor":
        made: DeviceTensor = Tensor._make_wrapper_subclass(
            cls,
            held.size(),
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=DEVICE,
        )
        made.held = held
        return made

    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(
        cls, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> NoReturn:
        raise RuntimeError("tensors of the device are of use within `accelerator()` alone")

    def tolist(self) -> Any:
        """Return the values, after a wait."""
        return self.cpu().tolist()

    def numpy(self, *, force: bool = False) -> NoReturn:
        """Refuse, as tensors of a GPU do."""
        raise TypeError("a tensor of the device has no NumPy array; copy it to the CPU first")

    def __array__(self, *_: Any, **__: Any) -> NoReturn:  # type: ignore[override]
        self.numpy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        copy: Tensor = self.detach().clone()
        if isinstance(self, nn.Parameter):
            copy = nn.Parameter(copy, self.requires_grad)
        memo[id(self)] = copy
        return copy

    def __repr__(self, **_: Any) -> str:  # type: ignore[override]
        return f"DeviceTensor({self.held!r})"


@dataclass
class Accelerator(TorchDispatchMode):
    """Carries out what is asked of the device, and remembers what made the CPU wait."""

    waits: list[Wait] = field(default_factory=list)
    operations: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        name = function.overloadpacket.__name__
        kwargs = dict(kwargs or {})
        target = kwargs.get("device")
        tensors = [one for one in tree_leaves((args, kwargs)) if isinstance(one, Tensor)]
        ours = [one for one in tensors if isinstance(one, DeviceTensor)]
        if name in ("_to_copy", "copy_"):
            self._note_copy(name, args, kwargs)
        elif ours:
            _refuse_mixed(name, args, tensors)
            self._note_wait(name, args)
        on_device = bool(ours) if target is None else torch.device(target).type == DEVICE.type
        self.operations += on_device
        if on_device and target is not None:
            kwargs["device"] = torch.device("cpu")
        held = tree_map_only(DeviceTensor, lambda one: one.held, (args, kwargs))
        result = function(*held[0], **held[1])
        if not on_device:
            return result
        # What an operation changes in place, it returns: the same tensor then.
        known = {id(one.held): one for one in ours}

        def wrap(one: Tensor) -> Tensor:
            return known[id(one)] if id(one) in known else DeviceTensor(one)

        with torch.inference_mode(False):  # PyTorch expects as much of a view of another tensor
            return tree_map_only(Tensor, wrap, result)

    def _note_copy(self, name: str, args: Any, kwargs: dict[str, Any]) -> None:
        """Remember a copy between CPU and device that the CPU waits for."""
        if name == "copy_":
            to, source = args[:2]
            non_blocking = args[2] if len(args) > 2 else kwargs.get("non_blocking", False)
            # To the CPU's own memory there is no such copy; PyTorch sees to it elsewhere.
            non_blocking = non_blocking and isinstance(to, DeviceTensor)
            ends = isinstance(source, DeviceTensor), isinstance(to, DeviceTensor)
        else:
            target = torch.device(kwargs.get("device") or args[0].device)
            non_blocking = kwargs.get("non_blocking", False)
            ends = isinstance(args[0], DeviceTensor), target.type == DEVICE.type
        if ends[0] != ends[1] and not non_blocking:
            self.remember("copy from the device" if ends[0] else "copy to the device")

    def _note_wait(self, name: str, args: Any) -> None:
        if name in WAITING:
            self.remember(name)
        elif name in INDEXING:
            index = [one for one in tree_leaves(args[1]) if isinstance(one, Tensor)]
            if any(one.dtype in (torch.bool, torch.uint8) for one in index):
                self.remember(f"{name} by a mask")
            elif any(not isinstance(one, DeviceTensor) for one in index):
                self.remember(f"{name} by places that lie on the CPU")

    def remember(self, operation: str) -> None:
        """Add a wait to the others, with the functions that led to it."""
        self.waits.append(Wait(operation, tuple(_functions(sys._getframe()))))


def write_waits(path: Path, device: Accelerator) -> None:
    """Write what the CPU waited for, as JSON; there must have been something to wait for."""
    assert device.operations > 0
    path.write_text(json.dumps([[wait.operation, *wait.functions] for wait in device.waits]))


def read_waits(path: Path, within: str) -> Counter[tuple[str, ...]]:
    """Count the waits within one of this project's functions: the operation, then the functions."""
    waits = Counter(map(tuple, json.loads(path.read_text())))
    return Counter({wait: times for wait, times in waits.items() if within in wait})


_present: list[Accelerator] = []


@contextmanager
def accelerator() -> Iterator[Accelerator]:
    """Have a device, `DEVICE`, for as long as the context lasts."""
    _register()
    # Or the backward pass runs in a thread, whose stack does not say what it belongs to.
    with torch.autograd.set_multithreading_enabled(False), Accelerator() as made:
        _present.append(made)
        yield made
        _present.remove(made)


def _refuse_mixed(name: str, args: Any, tensors: list[Tensor]) -> None:
    """Refuse what a GPU refuses: other tensors than numbers and places that lie on the CPU."""
    if name in INDEXING:
        tensors = [args[0], *args[2:3]]
    alien = [
        one
        for one in tensors
        if isinstance(one, Tensor)
        and not isinstance(one, DeviceTensor)
        and (one.ndim > 0 or name in JOINING)
    ]
    if alien:
        raise RuntimeError(f"{name}: expected all tensors on the device, found {alien[0].device}")


def _functions(frame: FrameType | None) -> list[str]:
    """Return this project's functions on the stack, outermost first, as module.function."""
    found: list[str] = []
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith("sau."):
            found.append(f"{module}.{frame.f_code.co_name}")
        frame = frame.f_back
    return found[::-1]


class _Backend:
    """What PyTorch asks of a device's module."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        answers: dict[str, Any] = {
            "get_amp_supported_dtype": [torch.bfloat16, torch.float16],
            "is_available": True,
            "is_initialized": True,
            "current_device": 0,
            "device_count": 1,
            "_is_in_bad_fork": False,
            "manual_seed_all": None,
        }
        if name not in answers:
            raise AttributeError(name)
        return lambda *_: answers[name]


@cache
def _register() -> list[torch.library.Library]:
    """Tell PyTorch of the device, once in a process: autograd and autocast ask for it."""
    backend_registration._setup_privateuseone_for_python_backend(NAME, _Backend())
    everything = torch.library.Library("_", "IMPL")
    everything.fallback(torch.library.fallthrough_kernel, "AutocastPrivateUse1")
    # What PyTorch asks for below the context, as for `torch.tensor([0, 2], device=...)`.
    operations = torch.library.Library("aten", "IMPL")
    operations.impl("empty_strided", _empty_strided, "PrivateUse1")
    operations.impl("_copy_from", _copy_from, "PrivateUse1")
    return [everything, operations]


def _empty_strided(size: list[int], stride: list[int], **options: Any) -> Tensor:
    return DeviceTensor(torch.empty_strided(size, stride, dtype=options.get("dtype")))


def _copy_from(source: Tensor, to: Tensor, non_blocking: bool = False) -> Tensor:
    held = [one.held if isinstance(one, DeviceTensor) else one for one in (source, to)]
    held[1].copy_(held[0])
    if not non_blocking and not isinstance(source, DeviceTensor):
        for device in _present:
            device.remember("copy to the device")
    return to
