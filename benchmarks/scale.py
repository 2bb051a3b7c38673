"""A run of 1.28 million images: its prompts, one of its shards, and that shard killed and resumed.

A generator draws nothing but noise. The same is done for a tenth of the images in a tenth of the
shards, so that a shard has as many: what takes longer or more memory there grows with the run.
"""

import os
import shlex
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.command import parser_of, positive, prepare, run, settings_of
from benchmarks.record import Record
from benchmarks.timing import Ratio
from sau.core.errors import UserError
from sau.pipeline.images.settings import ImagesSettings
from sau.pipeline.prompts.settings import PromptsSettings
from sau.settings.flags import to_flags
from sau.storage import manifest

SMALLER = 10
SHARD = 1
BATCHES = 2


class Took(NamedTuple):
    """What a process took: seconds, and bytes of its highest resident memory."""

    seconds: float
    peak_bytes: int


class Scale(NamedTuple):
    """A run of so many images in so many shards, in a folder."""

    folder: Path
    classes: int
    per_class: int
    shards: int

    def prompts(self) -> Took:
        """Make the prompts of all classes."""
        names = [f"class {number:04d}" for number in range(self.classes)]
        table = manifest.SCHEMAS["images"].empty_table()
        manifest.write(self.folder / "train.parquet", "images", table, {"class_names": names})
        settings = PromptsSettings(per_class=self.per_class)
        flags = ["--train-images", str(self.folder / "train.parquet")]
        flags += [
            "--output",
            str(self.folder / "prompts.parquet"),
            *shlex.split(to_flags(settings)),
        ]
        return self._run("benchmarks.peak", ["prompts", *flags])

    def shard(self, name: str) -> Took:
        """Draw one shard, from the beginning or from where it was killed."""
        return self._run("benchmarks.noise_images", ["0", *self._flags(name)])

    def killed(self, name: str) -> int:
        """Begin a shard that is killed after some batches, and return how many there are then."""
        words = [str(BATCHES), *self._flags(name)]
        subprocess.run(self._command("benchmarks.noise_images", words), check=False)
        return len(list(self.path(name).with_suffix(".batches").glob("batch-*.parquet")))

    def path(self, name: str) -> Path:
        """Return the file of a shard."""
        return self.folder / f"{name}-{SHARD}.parquet"

    def _flags(self, name: str) -> list[str]:
        settings = ImagesSettings(source="glide", shards=self.shards, batch_size=10)
        flags = ["--train-images", str(self.folder / "train.parquet")]
        flags += ["--prompts", str(self.folder / "prompts.parquet")]
        flags += ["--output", str(self.path(name)), "--shard", str(SHARD)]
        return [*flags, *shlex.split(to_flags(settings))]

    def _run(self, program: str, flags: Sequence[str]) -> Took:
        start = time.perf_counter()
        done = subprocess.run(self._command(program, flags), check=False)
        seconds = time.perf_counter() - start
        if done.returncode:
            raise UserError(f"benchmarks.scale: {program} {flags[0]} failed, see above")
        return Took(seconds, int((self.folder / "peak").read_text(encoding="utf-8")))

    def _command(self, program: str, flags: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", program, str(self.folder / "peak"), *flags]


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = parser_of("scale", __doc__)
    parser.add_argument("--classes", type=positive, default=1000, help="number of classes")
    parser.add_argument("--per-class", type=positive, default=1280, help="images of each class")
    parser.add_argument("--shards", type=positive, default=1000, help="of the larger run")
    parser.add_argument("--rounds", type=positive, default=3, help="how often the shard is drawn")
    return parser


def main(words: Sequence[str] | None = None) -> Record:
    """Run the benchmark from the command line; return what it found."""
    arguments = build_parser().parse_args(words)
    prepare(arguments)
    os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
    smaller = max(arguments.per_class // SMALLER, 1), max(arguments.shards // SMALLER, 2)
    sizes = {"whole": (arguments.per_class, arguments.shards), "tenth": smaller}
    figures: dict[str, Any] = {}
    seconds: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        for size, (per_class, shards) in sizes.items():
            folder = Path(name) / size
            folder.mkdir()
            scale = Scale(folder, arguments.classes, per_class, shards)
            figures[size] = {"prompts": scale.prompts()._asdict()}
            took = [scale.shard(f"round-{number}") for number in range(arguments.rounds)]
            seconds[size] = [one.seconds for one in took]
            figures[size]["shard"] = took[-1]._asdict()
            batches = scale.killed("killed")
            figures[size]["resumed"] = scale.shard("killed")._asdict() | {"after_batches": batches}
            same = scale.path("killed").read_bytes() == scale.path("round-0").read_bytes()
            figures[size]["same_bytes"] = same
    rows = arguments.classes * arguments.per_class
    what = f"a shard of {rows // arguments.shards} images"
    names = f"of {rows}", f"of {arguments.classes * smaller[0]}"
    ratio = Ratio(what, *names, seconds["whole"], seconds["tenth"])
    record = Record("scale", settings_of(arguments), [ratio], figures)
    for size, stages in figures.items():
        peaks = {stage: stages[stage]["peak_bytes"] for stage in ("prompts", "shard", "resumed")}
        told = ", ".join(f"{stage} {peak / 2**20:.0f} MiB" for stage, peak in peaks.items())
        print(f"{size}: {told}; resumed to the same bytes: {stages['same_bytes']}")
    record.print_and_write(arguments.output)
    return record


if __name__ == "__main__":
    sys.exit(run(main))
