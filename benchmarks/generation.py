"""Images per second of the GLIDE port against a plain loop, one prompt at a time.

Both draw with the same random weights, ancestral sampling, the same number of steps and guidance.
The port's quick solver may be timed as well, with fewer steps than the loop.
"""

import copy
import statistics
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.command import (
    add_clock,
    clock_words,
    parser_of,
    positive,
    prepare,
    run,
    settings_of,
)
from benchmarks.random_glide import SIZES, random_pipeline
from benchmarks.record import Record
from benchmarks.reference.sampling import draw_one_by_one
from benchmarks.share_of_peak import MATRIX_SIZE, matrix_product
from benchmarks.timing import Ratio, interleave, timed
from sau.glide.arguments import seeded
from sau.glide.pipeline import GlidePipeline
from sau.pipeline.images.device import DTYPES, make_quick

LOOP, PORT, SOLVER, PRODUCT = "plain loop", "port", "port, solver", "matrix product"

KINDS = {
    "convolution": ("conv",),
    "attention": ("attention", "softmax", "bmm"),
    "matrix product": ("addmm", "mm", "linear", "matmul", "gemm"),
    "normalisation": ("norm",),
}
"""Words in the names of operators and kernels, by kind; the first that fits counts."""


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = parser_of("generation", __doc__)
    parser.add_argument("--size", choices=SIZES, default="published", help="of the networks")
    parser.add_argument("--steps", type=positive, default=3, help="of the loop and of the port")
    parser.add_argument("--solver-steps", type=positive, help="of DPM-Solver++; None: not timed")
    parser.add_argument("--batch-size", type=positive, default=4, help="images the port draws")
    parser.add_argument("--loop-images", type=positive, default=1, help="images the loop draws")
    parser.add_argument("--guidance-scale", type=float, default=3.0, help="of both")
    parser.add_argument("--precision", choices=DTYPES, default="float32", help="of the port")
    parser.add_argument(
        "--compile", choices=("off", "default", "reduce-overhead"), default="off", help="the port"
    )
    parser.add_argument(
        "--matrix-size", type=positive, help=f"rows and columns; None: {MATRIX_SIZE}"
    )
    add_clock(parser)
    return parser


def main(words: Sequence[str] | None = None) -> Record:
    """Run the benchmark from the command line; return what it found."""
    arguments = build_parser().parse_args(words)
    device = prepare(arguments)
    plain = random_pipeline(arguments.size).to(device)
    quick = copy.deepcopy(plain)
    quick.set_progress_bar_config(disable=True)  # type: ignore[no-untyped-call]
    for network in (quick.text_encoder, quick.unet):
        # Not diffusers' own `to`, which warns of any cast.
        nn.Module.to(network, DTYPES[arguments.precision])
    make_quick(quick.unet, device, arguments.compile)
    flops = flops_of_image(plain, arguments.steps)
    side = arguments.matrix_size or MATRIX_SIZE[device.type]
    parts = _parts(arguments, plain, quick)
    parts[PRODUCT] = matrix_product(side, DTYPES[arguments.precision], device)
    found = interleave(
        {name: timed(part, device, arguments.clock) for name, part in parts.items()},
        arguments.seconds,
    )
    each = {LOOP: arguments.loop_images, PORT: arguments.batch_size, SOLVER: arguments.batch_size}
    seconds = {
        name: [value / each.get(name, 1) for value in values] for name, values in found.items()
    }
    rate = 2 * side**3 / statistics.median(seconds[PRODUCT])
    facts = figures(flops, rate, statistics.median(seconds[PORT]))
    facts["share_by_kind"] = time_by_kind(parts[PORT], device)
    record = Record("generation", settings_of(arguments), ratios_of(seconds, arguments), facts)
    print("\n".join(lines(facts)))
    record.print_and_write(arguments.output)
    return record


def _parts(
    arguments: Namespace, plain: GlidePipeline, quick: GlidePipeline
) -> dict[str, Callable[[], Tensor]]:
    """Return what is timed, by name."""
    prompts = [f"a photo of class {number}." for number in range(arguments.batch_size)]
    scale = arguments.guidance_scale
    steps, few = str(arguments.steps), arguments.loop_images
    ones = [prompts[number % len(prompts)] for number in range(few)]
    parts = {
        LOOP: lambda: draw_one_by_one(plain, ones, list(range(few)), steps, scale),
        PORT: lambda: _draw(quick, prompts, steps, scale),
    }
    if arguments.solver_steps:
        solver_steps = str(arguments.solver_steps)
        parts[SOLVER] = lambda: _draw(quick, prompts, solver_steps, scale, sampler="dpm-solver++")
    return parts


def _draw(
    pipeline: GlidePipeline, prompts: list[str], steps: str, scale: float, **options: Any
) -> Tensor:
    """Draw an image of each prompt, by the seeds 0, 1, and so on."""
    generators = seeded(range(len(prompts)))
    drawn: Tensor = pipeline(prompts, steps, scale, generators, "latent", **options).images
    return drawn


def ratios_of(seconds: dict[str, list[float]], arguments: Namespace) -> list[Ratio]:
    """Return the ratios of the seconds of one image."""
    name = f"{arguments.size} size, batch {arguments.batch_size}, {arguments.precision}"
    name += clock_words(arguments)
    what = f"image in {arguments.steps} steps, {name}"
    ratios = [Ratio(what, LOOP, PORT, seconds[LOOP], seconds[PORT])]
    if SOLVER in seconds:
        what = f"image in {arguments.steps} steps against {arguments.solver_steps}, {name}"
        ratios.append(Ratio(what, LOOP, SOLVER, seconds[LOOP], seconds[SOLVER]))
    return ratios


@torch.no_grad()
def flops_of_image(pipeline: GlidePipeline, steps: int) -> int:
    """Return the floating-point operations that one guided image needs, its text encoded once."""
    size = pipeline.unet.config["sample_size"]
    tokens = pipeline.glide_tokenizer(["a photo", ""])
    ids, mask = tokens.ids.to(pipeline.device), tokens.mask.to(pipeline.device)
    images = torch.zeros(2, 3, size, size, device=pipeline.device)
    with FlopCounterMode(display=False) as text:
        hidden = pipeline.text_encoder(ids, mask)
    with FlopCounterMode(display=False) as step:
        pipeline.unet(images, 500, hidden, class_labels=pipeline.text_encoder.pool(hidden))
    return int(text.get_total_flops() + steps * step.get_total_flops())


def time_by_kind(draw: Callable[[], object], device: torch.device) -> dict[str, float]:
    """Return the share of the operators' time (of the kernels', on a GPU) by kind, summing to 1."""
    activities = [ProfilerActivity.CPU]
    if device.type == "cuda":
        activities.append(ProfilerActivity.CUDA)
    with torch.profiler.profile(activities=activities) as profiler:
        draw()
    seconds = dict.fromkeys([*KINDS, "other"], 0.0)
    on_gpu = device.type == "cuda"
    for event in profiler.key_averages():
        # An operator's time on the GPU is that of its kernels, which are listed as well.
        if event.device_type.name != "CPU":
            continue
        own = event.self_device_time_total if on_gpu else event.self_cpu_time_total
        seconds[_kind(event.key)] += own
    total = sum(seconds.values())
    return {kind: value / total for kind, value in seconds.items()}


def _kind(name: str) -> str:
    words = name.lower()
    fitting = (kind for kind, parts in KINDS.items() if any(part in words for part in parts))
    return next(fitting, "other")


def figures(flops: int, rate: float, seconds: float) -> dict[str, Any]:
    """Return what the port reaches of the rate of a matrix product."""
    return {
        "flops_of_image": flops,
        "matrix_flops_per_second": rate,
        "images_per_second": 1 / seconds,
        "share_reached": flops / rate / seconds,
    }


def lines(facts: dict[str, Any]) -> list[str]:
    """Return the figures as lines of text."""
    work, rate = facts["flops_of_image"] / 1e9, facts["matrix_flops_per_second"] / 1e9
    summary = (
        f"{work:.1f} GFLOP an image, {facts['images_per_second']:.4g} images per second: "
        f"{100 * facts['share_reached']:.0f} % of {rate:.1f} GFLOP/s"
    )
    shares = sorted(facts["share_by_kind"].items(), key=lambda item: -item[1])
    return [summary, *(f"  {100 * share:5.1f} %  {kind}" for kind, share in shares)]


if __name__ == "__main__":
    sys.exit(run(main))
