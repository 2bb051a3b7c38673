"""What `sau plan` says of a shard of images against what the shard then takes.

Estimate and shard take turns. By the processor's clock both are seconds that are computed, the
processes that are started included, whatever else runs on the machine meanwhile.
"""

import shlex
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from benchmarks.command import (
    add_clock,
    clock_words,
    parser_of,
    positive,
    prepare,
    run,
    settings_of,
)
from benchmarks.glide_flags import add_glide, glide_of
from benchmarks.record import Record
from benchmarks.timing import CLOCKS, Ratio
from sau.core.errors import UserError
from sau.pipeline.images.settings import ImagesSettings
from sau.settings.flags import to_flags
from sau.storage import manifest
from sau.tools.plan.probe import cost_of_images

ESTIMATE, TAKEN = "estimate", "taken"
CLASSES = 10


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = parser_of("estimate", __doc__)
    add_glide(parser, batch_size=50)
    parser.add_argument("--images", type=positive, default=800, help="of the shard")
    parser.add_argument("--rounds", type=positive, default=5, help="estimates, and shards")
    add_clock(parser)
    return parser


def main(words: Sequence[str] | None = None) -> Record:
    """Run the benchmark from the command line; return what it found."""
    arguments = build_parser().parse_args(words)
    prepare(arguments)
    settings = glide_of(arguments).replace(shards=1)
    clock = CLOCKS[arguments.clock]
    estimates, taken = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder, arguments.images)
        for number in range(arguments.rounds):
            cost = cost_of_images(settings, "A photo of a thing.", clock)
            estimates.append(cost.start + cost.each * arguments.images)
            start = clock()
            draw_shard(folder, folder / f"round-{number}", settings)
            taken.append(clock() - start)
    what = f"a shard of {arguments.images} images{clock_words(arguments)}"
    ratio = Ratio(what, ESTIMATE, TAKEN, estimates, taken)
    rounds = [round(one, 3) for one in ratio.of_rounds()]
    record = Record("estimate", settings_of(arguments), [ratio], {"ratios": rounds})
    print("estimate by what was taken: " + ", ".join(f"{one:.2f}" for one in rounds))
    record.print_and_write(arguments.output)
    return record


def write_inputs(folder: Path, images: int) -> None:
    """Write class names, and a prompt for each image."""
    names = [f"thing {number}" for number in range(CLASSES)]
    empty = manifest.SCHEMAS["images"].empty_table()
    manifest.write(folder / "train.parquet", "images", empty, {"class_names": names})
    rows = [
        {
            "id": f"{number:06d}",
            "label": number % CLASSES,
            "class_name": names[number % CLASSES],
            "prompt": f"A photo of {names[number % CLASSES]}.",
            "source": "template",
        }
        for number in range(images)
    ]
    schema = manifest.SCHEMAS["prompts"]
    table = pa.Table.from_pylist(rows, schema=schema)
    manifest.write(folder / "prompts.parquet", "prompts", table, {})


def draw_shard(inputs: Path, output: Path, settings: ImagesSettings) -> None:
    """Draw all images in a process of its own, as the workflow does, into a folder of their own."""
    words = [sys.executable, "-m", "sau", "images", "--shard", "0"]
    words += ["--train-images", str(inputs / "train.parquet")]
    words += ["--prompts", str(inputs / "prompts.parquet")]
    words += ["--output", str(output / "shard-0.parquet")]
    done = subprocess.run([*words, *shlex.split(to_flags(settings))], check=False)
    if done.returncode:
        raise UserError("benchmarks.estimate: the shard failed, see above")


if __name__ == "__main__":
    sys.exit(run(main))
