"""SAU's four passes, forward and backward, against four passes alone and against a joint one.

Alone, each pass has its own backward. Together, they share one, as in training. The joint pass is
one batch of all four views, whose BatchNorm normalises each view by its own statistics: it computes
what the four passes compute, apart from the order of sums.
"""

import copy
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from benchmarks.command import (
    add_clock,
    clock_words,
    parser_of,
    positive,
    prepare,
    run,
    settings_of,
)
from benchmarks.record import Record
from benchmarks.timing import Ratio, interleave, timed
from sau.networks import Network, NetworkConfig

VIEWS = ("mixup", "cutmix", "v2", "v3")
"""Of SAU: the classifier sees the first two, the projection the others."""

ALONE, TOGETHER, JOINT = "passes alone", "four passes", "joint pass"


class SeparateStatistics(nn.Module):
    """A BatchNorm that normalises the parts of a batch one after the other, each by itself."""

    def __init__(self, layer: _BatchNorm, parts: int) -> None:
        super().__init__()
        self.layer = layer
        self.parts = parts

    def forward(self, values: Tensor) -> Tensor:
        """Normalise (parts B, C, ...)."""
        return torch.cat([self.layer(part) for part in values.chunk(self.parts)])


def separate(module: nn.Module, parts: int) -> None:
    """Replace every BatchNorm inside of a module, in place."""
    for name, child in module.named_children():
        if isinstance(child, _BatchNorm):
            setattr(module, name, SeparateStatistics(child, parts))
        else:
            separate(child, parts)


def four_losses(network: Network, views: Sequence[Tensor]) -> list[Tensor]:
    """Return a loss of each of four views, each of a pass of its own."""
    passes = (network.logits, network.logits, network.embeddings, network.embeddings)
    return [_loss(one(view)) for one, view in zip(passes, views, strict=True)]


def joint_losses(network: Network, views: Sequence[Tensor]) -> list[Tensor]:
    """Return the same of one pass through an encoder and projection with separate statistics."""
    features = network.features(torch.cat(list(views)))
    seen, embedded = features.chunk(2)
    outputs = *network.classify(seen).chunk(2), *network.project(embedded).chunk(2)
    return [_loss(output) for output in outputs]


def _loss(output: Tensor) -> Tensor:
    # Of embeddings of length 1, the sum of squares would have no gradient.
    factors = torch.arange(output.shape[1], device=output.device) / output.shape[1]
    return (output * factors).sum(dim=1).square().mean()


def backward(network: Network, losses: Sequence[Tensor]) -> None:
    """Give the parameters the gradient of the losses' sum."""
    network.zero_grad(set_to_none=True)
    torch.autograd.backward(torch.stack(list(losses)).sum())


def joint_of(network: Network) -> Network:
    """Return a copy of a network for `joint_losses`."""
    joint = copy.deepcopy(network)
    separate(joint.encoder, len(VIEWS))
    assert joint.projection is not None
    separate(joint.projection, 2)
    return joint


def parts_of(network: Network, views: Sequence[Tensor]) -> dict[str, Callable[[], None]]:
    """Return what is timed, by name."""
    joint = joint_of(network)

    def alone() -> None:
        passes = (network.logits, network.logits, network.embeddings, network.embeddings)
        for one, view in zip(passes, views, strict=True):
            backward(network, [_loss(one(view))])

    return {
        ALONE: alone,
        TOGETHER: lambda: backward(network, four_losses(network, views)),
        JOINT: lambda: backward(joint, joint_losses(joint, views)),
    }


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = parser_of("passes", __doc__)
    parser.add_argument("--backbone", default="resnet32", help="CIFAR residual network")
    parser.add_argument("--width", type=positive, default=16, help="channels of its first blocks")
    parser.add_argument("--batch-size", type=positive, default=128, help="images of a view")
    parser.add_argument("--classes", type=positive, default=10, help="number of classes")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    add_clock(parser)
    return parser


def main(words: Sequence[str] | None = None) -> Record:
    """Run the benchmark from the command line; return what it found."""
    arguments = build_parser().parse_args(words)
    device = prepare(arguments)
    config = NetworkConfig(arguments.backbone, arguments.width, arguments.classes, 2048, 128)
    network = Network(config, seed=0, precision=getattr(torch, arguments.precision)).to(device)
    generator = torch.Generator().manual_seed(0)
    views = [
        torch.randn(arguments.batch_size, 3, 32, 32, generator=generator).to(device) for _ in VIEWS
    ]
    parts = {
        name: timed(part, device, arguments.clock)
        for name, part in parts_of(network, views).items()
    }
    found = interleave(parts, arguments.seconds)
    name = f"width {arguments.width}, batch {arguments.batch_size}, {arguments.precision}"
    name += clock_words(arguments)
    ratios = [
        Ratio(f"four passes, {name}", slower, faster, found[slower], found[faster])
        for slower, faster in ((ALONE, TOGETHER), (TOGETHER, JOINT))
    ]
    record = Record("passes", settings_of(arguments), ratios)
    record.print_and_write(arguments.output)
    return record


if __name__ == "__main__":
    sys.exit(run(main))
