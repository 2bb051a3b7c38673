"""Filter, subset and complement of made-up tables, against a plain script with pandas.

The default is ImageNet-LT's size: 1,000 classes of 1,280 synthetic images, 50,000 test images. The
script runs on a tenth of the classes, and its time counts ten times.
"""

import dataclasses
import os
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.command import parser_of, positive, prepare, run, settings_of
from benchmarks.curation_data import write_tables
from benchmarks.record import Record
from benchmarks.reference.curation import Limits, curate
from benchmarks.timing import Ratio, interleave, timed
from sau.core.errors import UserError
from sau.pipeline.complement.settings import ComplementSettings
from sau.pipeline.complement.stage import complement
from sau.pipeline.filter.settings import FilterSettings
from sau.pipeline.filter.stage import filter as filter_stage
from sau.pipeline.subset.settings import SubsetSettings
from sau.pipeline.subset.stage import subset
from sau.settings.flags import to_flags

LIMITS = Limits(
    keep_fraction=0.8,
    threshold=0.2,
    margin=0.01,
    duplicate_hash_distance=2,
    leak_hash_distance=4,
    blank_contrast=0.01,
    dark_brightness=0.05,
    blurred_sharpness=0.005,
    quota=900,
)
"""Every rule that needs no embedding is on."""

FILTER = FilterSettings(**dataclasses.asdict(LIMITS), zero_shot=True, leak_similarity=None)
COMPLEMENT = ComplementSettings(on_shortage="underfill")


@dataclasses.dataclass(frozen=True)
class Task:
    """Where the tables are, and the tail to cut."""

    folder: Path
    largest: int
    factor: float

    def path(self, name: str) -> Path:
        """Return a table's file."""
        return self.folder / f"{name}.parquet"

    @property
    def subset_settings(self) -> SubsetSettings:
        """The section `subset`."""
        return SubsetSettings(largest_class=self.largest)

    def run_stages(self) -> None:
        """Run the three stages in this process."""
        filter_stage([self.path("scores")], self.path("kept"), [self.path("test")], settings=FILTER)
        subset(
            *(self.path(name) for name in ("train", "real", "validation")),
            imbalance_factor=str(self.factor),
            data_seed=0,
            settings=self.subset_settings,
        )
        complement(
            *(self.path(name) for name in ("real", "kept", "synthetic")), settings=COMPLEMENT
        )

    def commands(self) -> dict[str, str]:
        """Return the same as command lines, by stage."""
        f = {name: self.path(name) for name in ("scores", "test", "kept", "train", "real")}
        others = {name: self.path(name) for name in ("validation", "synthetic")}
        return {
            "filter": f"--scores {f['scores']} --test-scores {f['test']} --output {f['kept']} "
            f"{to_flags(FILTER)}",
            "subset": f"--train-images {f['train']} --real {f['real']} --validation "
            f"{others['validation']} --imbalance-factor {self.factor} --data-seed 0 "
            f"{to_flags(self.subset_settings)}",
            "complement": f"--real {f['real']} --kept {f['kept']} --output {others['synthetic']} "
            f"{to_flags(COMPLEMENT)}",
        }


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = parser_of("curation", __doc__)
    parser.add_argument("--classes", type=positive, default=1000, help="number of classes")
    parser.add_argument("--per-class", type=positive, default=1280, help="images of each class")
    parser.add_argument("--test-images", type=positive, default=50_000, help="real test images")
    parser.add_argument("--imbalance-factor", type=float, default=200.0, help="of the tail")
    parser.add_argument(
        "--reference-share", type=float, default=0.1, help="of the classes, for the plain script"
    )
    return parser


def main(words: Sequence[str] | None = None) -> Record:
    """Run the benchmark from the command line; return what it found."""
    arguments = build_parser().parse_args(words)
    device = prepare(arguments)
    pa.set_cpu_count(arguments.threads)
    classes = max(1, round(arguments.classes * arguments.reference_share))
    with tempfile.TemporaryDirectory() as name:
        task = Task(Path(name), round(0.78 * arguments.per_class), arguments.imbalance_factor)
        write_tables(task.folder, arguments.classes, arguments.per_class, arguments.test_images)
        figures = measure(task, arguments.threads)

        def plain() -> None:
            curate(task.folder, task.folder, LIMITS, classes, task.largest, task.factor)

        parts = {"plain script": timed(plain, device), "stages": timed(task.run_stages, device)}
        found = interleave(parts, arguments.seconds)
    rows = arguments.classes * arguments.per_class
    scale = arguments.classes / classes
    slower = [scale * seconds for seconds in found["plain script"]]
    what = f"{rows} synthetic images, {arguments.test_images} test images"
    ratio = Ratio(what, "plain script", "stages", slower, found["stages"])
    record = Record("curation", settings_of(arguments), [ratio], figures)
    record.print_and_write(arguments.output)
    print(
        f"as processes: {figures['seconds']:.4g} s, of which on a core "
        f"{figures['cpu_seconds']:.4g} s, at most {figures['peak_bytes'] / 2**20:.0f} MiB"
    )
    return record


def measure(task: Task, threads: int) -> dict[str, Any]:
    """Run each stage as a process of its own, as the workflow does.

    Returns: the seconds of all of them together, from start to end, those on a core, the highest
        peak of resident memory in bytes, and the same for each stage.

    Raises:
        UserError: a stage failed.
    """
    stages = {}
    peak = task.folder / "peak"
    for stage, flags in task.commands().items():
        command = f"{sys.executable} -m benchmarks.peak {peak} {stage} {flags}"
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
        done = subprocess.run(shlex.split(command), env=environment, check=False)
        seconds = time.perf_counter() - start
        if done.returncode:
            raise UserError(f"benchmarks.curation: {stage} failed, see above")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        on_core = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        stages[stage] = {
            "seconds": seconds,
            "cpu_seconds": on_core,
            "peak_bytes": int(peak.read_text(encoding="utf-8")),
        }
    return {
        "seconds": sum(each["seconds"] for each in stages.values()),
        "cpu_seconds": sum(each["cpu_seconds"] for each in stages.values()),
        "peak_bytes": max(each["peak_bytes"] for each in stages.values()),
        "stages": stages,
    }


if __name__ == "__main__":
    sys.exit(run(main))
