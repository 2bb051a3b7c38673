"""Where the time of an epoch goes, by kind of work."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.autograd.profiler_util import FunctionEvent
from torch.profiler import ProfilerActivity, record_function

from sau.engine.loop import Run

KINDS = (
    "convolution",
    "BatchNorm",
    "elementwise",
    "projection",
    "loss",
    "views",
    "optimizer",
    "gradients",
    "Python",
    "idle",
)
"""Kinds of work, all of an epoch's.

`convolution`, `BatchNorm` and `elementwise` (ReLU, sums of residuals, pooling, copies, and what a
compiler has made of them) are the encoder's; `loss` is mixing, classifier, label correction and
losses; `views` is what happens between the steps; `gradients` their accumulation. `Python` is the
time of the CPU outside of any operator, `idle` that of a GPU without a kernel.
"""

MARKS = ("encoder", "projection", "loss")
"""Names that stand over the operators of a part in a profile."""

BACKWARD = "autograd::engine::evaluate_function"


def time_by_kind(run: Run, epoch: Callable[[], object]) -> dict[str, float]:
    """Profile `epoch`, which trains `run`, and return the share of its time by kind, summing to 1.

    Shares of the time under the profiler, which slows down small operators more than large ones.
    """
    device = run.device
    activities = [ProfilerActivity.CPU]
    if device.type == "cuda":
        activities.append(ProfilerActivity.CUDA)
    with marked(run), torch.profiler.profile(activities=activities) as profiler:
        start = time.perf_counter()
        epoch()
        wall = time.perf_counter() - start
    seconds = _sum_by_kind(profiler.events() or [], device)
    rest = "idle" if device.type == "cuda" else "Python"
    seconds[rest] += max(0.0, wall - sum(seconds.values()))
    total = sum(seconds.values())
    return {kind: seconds[kind] / total for kind in KINDS}


@contextmanager
def marked(run: Run) -> Iterator[None]:
    """Let the run's layers and losses stand in profiles under the names of `MARKS`."""
    network = run.network
    methods = [phase.method for phase in run.phases]

    def layer(module: nn.Module, *_: Any) -> str:
        return "encoder" if module is network.encoder else "projection"

    # An attribute of an object hides its class's method until it is deleted.
    vars(network)["through"] = _marked(network.through, layer)
    for method in methods:
        vars(method)["loss"] = _marked(method.loss, lambda *_: "loss")
    try:
        yield
    finally:
        del vars(network)["through"]
        for method in methods:
            del vars(method)["loss"]


def _marked(function: Callable[..., Any], name_of: Callable[..., str]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        with record_function(name_of(*arguments)):
            return function(*arguments)

    return call


def _sum_by_kind(events: list[FunctionEvent], device: torch.device) -> defaultdict[str, float]:
    """Return the seconds of the operators, or of the kernels that they started, by kind."""
    operators = [event for event in events if event.device_type.name == "CPU"]
    parts = _parts_by_sequence(operators)
    seconds: defaultdict[str, float] = defaultdict(float)
    for event in operators:
        on_gpu = device.type == "cuda"
        own = event.self_device_time_total if on_gpu else event.self_cpu_time_total
        seconds[_kind(event, parts)] += own / 1e6
    return seconds


def _parts_by_sequence(operators: list[FunctionEvent]) -> dict[int, str]:
    """Return which part of the forward pass made each node of the backward pass."""
    parts = {}
    for event in sorted(operators, key=lambda event: event.time_range.start):
        chain = _names(event)
        if event.sequence_nr >= 0 and not any(name.startswith(BACKWARD) for name in chain):
            # Operators before the one that makes the node bear its number too: the last is right.
            parts[event.sequence_nr] = _part(chain)
    return parts


def _kind(event: FunctionEvent, parts: Mapping[int, str]) -> str:
    chain = _names(event)
    if event.name in MARKS:
        return "Python"
    node = _node(event)
    if node is None:
        part = _part(chain)
    elif "AccumulateGrad" in node.name:
        return "gradients"
    else:
        part = parts.get(node.sequence_nr, "gradients")
    if part != "encoder":
        return part
    words = " ".join(chain).lower()
    if "conv" in words:
        return "convolution"
    return "BatchNorm" if "batch_norm" in words or "batchnorm" in words else "elementwise"


def _part(chain: list[str]) -> str:
    """Return the part of an epoch that an operator belongs to, from the names above it."""
    for name in chain:
        if name.startswith("Optimizer."):
            return "optimizer"
        if name in MARKS:
            return name
    return "views"


def _names(event: FunctionEvent) -> list[str]:
    """Return the names of an operator and of those that called it, from the inside outwards."""
    return [above.name for above in _above(event)]


def _node(event: FunctionEvent) -> FunctionEvent | None:
    return next((above for above in _above(event) if above.name.startswith(BACKWARD)), None)


def _above(event: FunctionEvent) -> Iterator[FunctionEvent]:
    above: FunctionEvent | None = event
    while above is not None:
        yield above
        above = above.cpu_parent
