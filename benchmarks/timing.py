"""Timing two things side by side, on machines that are never quiet."""

import dataclasses
import resource
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

import torch

Result = TypeVar("Result")

MINIMUM_ROUNDS = 3
"""However short the time, so that there is a median and a spread."""


@dataclasses.dataclass(frozen=True)
class Ratio:
    """How many times as long one thing takes as another that was timed beside it.

    `what` is done; `slower` and `faster` are the two names, by expectation; the seconds are those
    of each round, in the same order, at least one and all above 0.
    """

    what: str
    slower: str
    faster: str
    slower_seconds: list[float]
    faster_seconds: list[float]

    def of_rounds(self) -> list[float]:
        """Return the ratio of each round, whose two timings saw the machine in one state."""
        pairs = zip(self.slower_seconds, self.faster_seconds, strict=True)
        return [slower / faster for slower, faster in pairs]

    def to_mapping(self) -> dict[str, Any]:
        """Return medians, spread and all rounds, as JSON values."""
        rounds = self.of_rounds()
        return {
            "what": self.what,
            "slower": self.slower,
            "faster": self.faster,
            "slower_seconds": statistics.median(self.slower_seconds),
            "faster_seconds": statistics.median(self.faster_seconds),
            "ratio": statistics.median(rounds),
            "lowest": min(rounds),
            "highest": max(rounds),
            "rounds": {"slower": self.slower_seconds, "faster": self.faster_seconds},
        }

    def line(self) -> str:
        """Return the ratio as one line of text."""
        facts = self.to_mapping()
        spread = f"{facts['lowest']:.2f} to {facts['highest']:.2f}"
        return (
            f"{self.what}: {self.slower} {facts['slower_seconds']:.4g} s, "
            f"{self.faster} {facts['faster_seconds']:.4g} s, {facts['ratio']:.2f} times "
            f"({spread} in {len(self.slower_seconds)} rounds)"
        )


def synchronise(device: torch.device) -> None:
    """Wait until the device has done what it was told to do; the CPU always has."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


Clock = Literal["wall", "processor"]
"""Seconds that pass, or those that this process computes, whatever else runs meanwhile."""


def processor_seconds() -> float:
    """Return what this process has computed: its threads, and its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


CLOCKS = {"wall": time.perf_counter, "processor": processor_seconds}


def timed(
    work: Callable[[], object], device: torch.device, clock: Clock = "wall"
) -> Callable[[], float]:
    """Return a function that does `work` and returns the seconds until the device has done it."""
    now = CLOCKS[clock]

    def measure() -> float:
        synchronise(device)
        start = now()
        work()
        synchronise(device)
        return now() - start

    return measure


def interleave(
    parts: Mapping[str, Callable[[], Result]], seconds: float
) -> dict[str, list[Result]]:
    """Call the parts in turn, over and over, and return what each call of each part returned.

    A first round warms caches up and does not count. Every second round has the other order, so
    that none always comes after the same other.

    Args:
        parts: what is to be compared, by name.
        seconds: no round begins after that many, once there are `MINIMUM_ROUNDS`.
    """
    for part in parts.values():
        part()
    results: dict[str, list[Result]] = {name: [] for name in parts}
    end = time.perf_counter() + seconds
    rounds = 0
    while rounds < MINIMUM_ROUNDS or time.perf_counter() < end:
        order = list(parts)[:: 1 if rounds % 2 == 0 else -1]
        for name in order:
            results[name].append(parts[name]())
        rounds += 1
    return results


def compare(
    what: str,
    slower: tuple[str, Callable[[], object]],
    faster: tuple[str, Callable[[], object]],
    device: torch.device,
    seconds: float,
    clock: Clock = "wall",
) -> Ratio:
    """Time two functions in turn; each is given with its name."""
    parts = {name: timed(work, device, clock) for name, work in (slower, faster)}
    results = interleave(parts, seconds)
    return Ratio(what, slower[0], faster[0], results[slower[0]], results[faster[0]])
