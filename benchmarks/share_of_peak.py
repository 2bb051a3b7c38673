"""Time of an epoch against what its convolutions alone would need at the matrix rate.

The need is the model's FLOPs, four passes forward and backward and the pass for the prototypes,
over the rate of one large matrix product in the same precision, timed in the same run. What eats
the rest comes from a profile of an epoch.
"""

import statistics
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.command import parser_of, positive, prepare, run, settings_of
from benchmarks.data import random_images
from benchmarks.engine import Engine, add_settings, settings_from
from benchmarks.profile import time_by_kind
from benchmarks.record import Record
from benchmarks.reference.network import PlainNetwork
from benchmarks.timing import Ratio, interleave, timed
from sau.device.compiling import GRAPHS

MATRIX_SIZE = {"cpu": 2048, "cuda": 8192}
"""Rows and columns, large enough for the best rate."""


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = parser_of("share_of_peak", __doc__)
    add_settings(parser)
    parser.add_argument(
        "--matrix-size", type=positive, help=f"rows and columns; None: {MATRIX_SIZE}"
    )
    return parser


def main(words: Sequence[str] | None = None) -> Record:
    """Run the benchmark from the command line; return what it found."""
    arguments = build_parser().parse_args(words)
    device = prepare(arguments)
    side = arguments.matrix_size or MATRIX_SIZE[device.type]
    images = random_images(arguments.steps * arguments.batch_size, arguments.classes)
    engine = Engine(images, settings_from(arguments))
    depth = int(arguments.backbone.removeprefix("resnet"))
    network = PlainNetwork(depth, arguments.width, arguments.classes).to(device)
    flops = epoch_flops(network, arguments.batch_size, engine)
    product = matrix_product(side, getattr(torch, arguments.precision), device)
    epochs, products = _timed(engine, product, device, arguments.seconds)
    needs = [flops * seconds / (2 * side**3) for seconds in products]
    name = f"width {arguments.width}, batch {arguments.batch_size}, {arguments.precision}"
    what = f"epoch of {engine.steps} steps, {name}"
    ratio = Ratio(what, "engine", "its FLOPs at the matrix rate", epochs, needs)
    # The kernels of a recorded graph do not say which layer they belong to.
    shares = {} if arguments.compile == GRAPHS else time_by_kind(engine.run, engine.epoch)
    rate = 2 * side**3 / statistics.median(products)
    facts = figures(ratio, shares, flops, rate)
    record = Record("share_of_peak", settings_of(arguments), [ratio], facts)
    print("\n".join(lines(facts)))
    record.print_and_write(arguments.output)
    return record


def epoch_flops(network: PlainNetwork, batch_size: int, engine: Engine) -> int:
    """Return the floating-point operations of matrix products and convolutions in an epoch.

    Counted on the plain network, so that no trick of the engine's lowers what is needed.
    """
    device = next(network.parameters()).device
    images = torch.zeros(batch_size, 3, 32, 32, device=device)

    def step() -> None:
        passes = [network.logits, network.logits, network.embeddings, network.embeddings]
        torch.autograd.backward(torch.stack([one(images).sum() for one in passes]).sum())

    @torch.no_grad()
    def prototypes() -> None:
        for _ in range(2):
            network.embeddings(images)

    # The prototypes' pass may end in a smaller batch, so it counts by images.
    return engine.steps * _count(step) + _count(prototypes) * engine.real // batch_size


def matrix_product(side: int, dtype: torch.dtype, device: torch.device) -> Callable[[], Tensor]:
    """Return a function that multiplies two square matrices, as the engine's layers would."""
    generator = torch.Generator().manual_seed(0)
    first, second = (torch.randn(side, side, generator=generator) for _ in range(2))
    first, second = first.to(device, dtype), second.to(device, dtype)

    def product() -> Tensor:
        return first @ second

    return product


def figures(ratio: Ratio, shares: dict[str, float], flops: int, rate: float) -> dict[str, Any]:
    """Return the share reached, and the seconds of the epoch by kind of work."""
    facts = ratio.to_mapping()
    seconds = facts["slower_seconds"]
    return {
        "flops": flops,
        "matrix_flops_per_second": rate,
        "epoch_seconds": seconds,
        "needed_seconds": facts["faster_seconds"],
        "share_reached": 1 / facts["ratio"],
        "seconds_by_kind": {kind: share * seconds for kind, share in shares.items()},
        "share_by_kind": shares,
    }


def lines(facts: dict[str, Any]) -> list[str]:
    """Return the figures as lines of text, the largest part first."""
    work, rate = facts["flops"] / 1e9, facts["matrix_flops_per_second"] / 1e9
    summary = (
        f"{work:.1f} GFLOP at {rate:.1f} GFLOP/s: {facts['needed_seconds']:.3f} s of "
        f"{facts['epoch_seconds']:.3f} s, {100 * facts['share_reached']:.0f} % of that rate"
    )
    shares, seconds = facts["share_by_kind"], facts["seconds_by_kind"]
    kinds = sorted(shares, key=lambda kind: -shares[kind])
    parts = [f"  {100 * shares[kind]:5.1f} %  {seconds[kind]:.3f} s  {kind}" for kind in kinds]
    return [summary, *parts]


def _timed(
    engine: Engine, product: Callable[[], Tensor], device: torch.device, seconds: float
) -> tuple[list[float], list[float]]:
    """Time epochs and matrix products in turn."""
    parts = {"epoch": timed(engine.epoch, device), "product": timed(product, device)}
    found = interleave(parts, seconds)
    return found["epoch"], found["product"]


def _count(work: Callable[[], None]) -> int:
    with FlopCounterMode(display=False) as counter:
        work()
    return int(counter.get_total_flops())


if __name__ == "__main__":
    sys.exit(run(main))
