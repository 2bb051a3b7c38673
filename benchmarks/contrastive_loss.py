"""The synthetic-aware contrastive loss, forward and backward, against the one with full masks.

Time and memory at growing batches, half of them synthetic, label correction included.
"""

import dataclasses
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.command import parser_of, positive, prepare, run, settings_of
from benchmarks.memory import kept_for_backward, peak_on_gpu
from benchmarks.record import Record
from benchmarks.reference.loss import contrastive_loss
from benchmarks.timing import Ratio, compare
from sau.losses.contrastive import synthetic_aware_loss

MASKED, ENGINE = "masked", "engine"
TEMPERATURE = 0.1


@dataclasses.dataclass(frozen=True)
class Inputs:
    """Of the loss; see `synthetic_aware_loss`."""

    features: Tensor
    labels: Tensor
    is_synthetic: Tensor
    prototypes: Tensor

    def masked(self) -> Tensor:
        """Return the loss by full masks."""
        return contrastive_loss(**vars(self), temperature=TEMPERATURE)

    def engine(self) -> Tensor:
        """Return the engine's loss."""
        return synthetic_aware_loss(
            **vars(self), temperature=TEMPERATURE, noise_strategy="pos_neg", neighbours=1
        )[0]

    def step(self, loss: Callable[[], Tensor]) -> Callable[[], None]:
        """Return a function that computes a loss and its gradient."""

        def both() -> None:
            self.features.grad = None
            torch.autograd.backward(loss())

        return both


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = parser_of("contrastive_loss", __doc__)
    sizes = [128, 512, 1024, 2048, 4096]
    parser.add_argument(
        "--batch-sizes", type=positive, nargs="+", default=sizes, help="images of a batch"
    )
    parser.add_argument(
        "--classes", type=positive, nargs="+", default=[10, 100], help="numbers of classes"
    )
    parser.add_argument("--embedding-size", type=positive, default=128, help="d")
    return parser


def main(words: Sequence[str] | None = None) -> Record:
    """Run the benchmark from the command line; return what it found."""
    arguments = build_parser().parse_args(words)
    device = prepare(arguments)
    ratios: list[Ratio] = []
    memory: dict[str, dict[str, Any]] = {}
    for classes in arguments.classes:
        for size in arguments.batch_sizes:
            inputs = random_inputs(size, classes, arguments.embedding_size, device)
            what = f"batch {size}, {classes} classes"
            parts = [(name, inputs.step(loss)) for name, loss in _losses(inputs)]
            ratios.append(compare(what, parts[0], parts[1], device, arguments.seconds))
            memory[what] = memory_of(inputs, device)
            print(f"{what}: bytes {memory[what]}")
    record = Record("contrastive_loss", settings_of(arguments), ratios, {"memory": memory})
    record.print_and_write(arguments.output)
    return record


def random_inputs(size: int, classes: int, embedding_size: int, device: torch.device) -> Inputs:
    """Return random directions that lean towards their class, so that not all samples are noise."""
    generator = torch.Generator().manual_seed(size)
    centres = torch.randn(classes, 1, embedding_size, generator=generator)
    labels = torch.randint(classes, (size,), generator=generator)
    noise = torch.randn(size, 2, embedding_size, generator=generator)
    features = F.normalize(0.3 * centres[labels] + noise, dim=2).to(device).requires_grad_()
    prototypes = F.normalize(centres, dim=2).expand(-1, 2, -1).contiguous()
    is_synthetic = torch.arange(size) % 2 == 0
    return Inputs(features, labels.to(device), is_synthetic.to(device), prototypes.to(device))


def memory_of(inputs: Inputs, device: torch.device) -> dict[str, Any]:
    """Return bytes kept for the backward pass and, on a GPU, at the peak; and the losses."""
    facts: dict[str, Any] = {}
    for name, loss in _losses(inputs):
        facts[f"{name} loss"] = float(loss().detach())
        facts[f"{name} kept"] = kept_for_backward(loss)
        if device.type == "cuda":
            facts[f"{name} peak"] = peak_on_gpu(inputs.step(loss), device)
    return facts


def _losses(inputs: Inputs) -> list[tuple[str, Callable[[], Tensor]]]:
    return [(MASKED, inputs.masked), (ENGINE, inputs.engine)]


if __name__ == "__main__":
    sys.exit(run(main))
