"""A run of 1.28 million images by Snakemake: planned, killed, resumed, up to the complement.

A generator draws nothing but noise; all else is what `sau run` does. The same is done for a tenth
of the images in as many shards: a stage whose memory is flat takes as much for both.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import yaml
from PIL import Image

from benchmarks.command import parser_of, positive, prepare, run, settings_of
from benchmarks.record import Record
from benchmarks.timing import Ratio
from sau.core.errors import UserError
from sau.storage import manifest
from sau.storage.manifest.schemas import STATUS_OK

SMALLER = 10
SIDE = 16
ENOUGH = 1
"""Shards that are there when the run is killed."""

TARGET = "results/complement/imbalance-as-is/data-seed-0/synthetic.parquet"

JOB = """#!/bin/sh
# The stage that draws has another generator; all other jobs are what they are.
if [ "$1 $2 $3" = "-m sau images" ]; then
    shift 3
    exec {python} -m benchmarks.noise_images /dev/null 0 "$@"
fi
exec {python} "$@"
"""


class Size(NamedTuple):
    """How many classes, generated images of each, and shards."""

    classes: int
    per_class: int
    shards: int


class Run:
    """A run of one size, in a folder of its own."""

    def __init__(self, folder: Path, size: Size) -> None:
        self.folder, self.size = folder, size
        self.python = _python_of_jobs(folder / "python")
        _write_photographs(folder / "photographs", size)
        config = folder / "config.yaml"
        config.write_text(yaml.safe_dump(_config(size)), encoding="utf-8")

    def planned(self) -> dict[str, float]:
        """Return what `sau plan` takes, and Snakemake's plan of all jobs."""
        peak = self.folder / "peak"
        program = ["-m", "benchmarks.peak", str(peak), "plan", "--no-probe"]
        seconds = self._seconds([*program, "--config", "config.yaml"])
        return {
            "plan_seconds": seconds,
            "plan_peak_bytes": int(peak.read_text(encoding="utf-8")),
            "dry_run_seconds": self._seconds([*self._words(), "--dry-run", "--quiet", "all"]),
        }

    def killed(self) -> int:
        """Begin, go away as a machine does, and return how many shards are there."""
        process = self._start(self._words())
        while process.poll() is None and self._shards() < ENOUGH:
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._seconds([*self._words(), "--unlock"])
        return self._shards()

    def resumed(self) -> float:
        """Go on to the end; return the seconds."""
        return self._seconds(self._words())

    def rows(self) -> dict[str, int]:
        """Return how many shards there are, and how many different pictures, kept and taken."""
        out = self.folder / "results"
        shards = sorted((out / "images").glob("*.parquet"))
        drawn = manifest.read(shards, "images", columns=["id", "status"])
        drawn = drawn.filter(pc.equal(drawn["status"], STATUS_OK))
        kept = manifest.read(out / "filter" / "kept.parquet", "kept", columns=["kept"])
        taken = manifest.read(self.folder / TARGET, "members", columns=["id"])
        return {
            "shards": len(shards),
            "drawn": pc.count_distinct(drawn["id"]).as_py(),
            "kept": pc.sum(kept["kept"]).as_py(),
            "taken": pc.count_distinct(taken["id"]).as_py(),
        }

    def stages(self) -> dict[str, dict[str, float]]:
        """Return each stage's seconds in all and its highest memory, as Snakemake has them."""
        found = {}
        for folder in sorted((self.folder / "results" / "benchmarks").iterdir()):
            jobs = pd.concat(pd.read_csv(path, sep="\t") for path in folder.rglob("*.tsv"))
            memory = pd.to_numeric(jobs["max_rss"], errors="coerce").max()
            found[folder.name] = {
                "jobs": len(jobs),
                "seconds": float(jobs["s"].sum()),
                "peak_bytes": 0 if pd.isna(memory) else int(memory * 2**20),
            }
        return found

    def _shards(self) -> int:
        return len(list((self.folder / "results" / "images").glob("*.parquet")))

    def _words(self) -> list[str]:
        return ["-m", "sau", "run", TARGET, "--config", "config.yaml", "--cores", "1"]

    def _seconds(self, words: Sequence[str]) -> float:
        start = time.perf_counter()
        if self._start(words).wait():
            last = "\n".join(self._log().read_text(encoding="utf-8").splitlines()[-20:])
            raise UserError(f"benchmarks.million: {' '.join(words)} failed:\n{last}")
        return time.perf_counter() - start

    def _start(self, words: Sequence[str]) -> "subprocess.Popen[bytes]":
        with self._log().open("ab") as log:
            return subprocess.Popen(
                [self.python, *words],
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _log(self) -> Path:
        return self.folder / "log"


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = parser_of("million", __doc__)
    parser.add_argument("--classes", type=positive, default=1000, help="number of classes")
    parser.add_argument("--per-class", type=positive, default=1280, help="images of each class")
    parser.add_argument("--shards", type=positive, default=16, help="of either run")
    parser.add_argument("--folder", type=Path, help="an empty one with room; None: a temporary one")
    return parser


def main(words: Sequence[str] | None = None) -> Record:
    """Run the benchmark from the command line; return what it found."""
    arguments = build_parser().parse_args(words)
    prepare(arguments)
    os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
    whole = Size(arguments.classes, arguments.per_class, arguments.shards)
    sizes = {"whole": whole, "tenth": whole._replace(per_class=max(whole.per_class // SMALLER, 1))}
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        for which, size in sizes.items():
            folder = Path(name).resolve() / which
            folder.mkdir()
            one = Run(folder, size)
            figures[which] = one.planned() | {"shards_when_killed": one.killed()}
            figures[which]["resumed_seconds"] = one.resumed()
            figures[which] |= {"rows": one.rows(), "stages": one.stages()}
            print(f"{which}: {figures[which]}", flush=True)
    each = {
        which: figures[which]["stages"]["images"]["seconds"] / (size.classes * size.per_class)
        for which, size in sizes.items()
    }
    count = whole.classes * whole.per_class
    names = (f"of {count}", f"of {count // SMALLER}")
    ratio = Ratio("an image", *names, *([seconds] for seconds in each.values()))
    record = Record("million", settings_of(arguments) | {"folder": None}, [ratio], figures)
    record.print_and_write(arguments.output)
    return record


def _python_of_jobs(folder: Path) -> str:
    """Make an environment like this one, whose `python` draws noise; return its Python."""
    here = Path(sys.prefix)
    programs = folder / "bin"
    programs.mkdir(parents=True)
    shutil.copy(here / "pyvenv.cfg", folder)
    (folder / "lib").symlink_to(here / "lib")
    (programs / "python3").symlink_to(here / "bin" / "python3")
    job = programs / "python"
    job.write_text(JOB.format(python=programs / "python3"), encoding="utf-8")
    job.chmod(0o755)
    return str(programs / "python3")


def _write_photographs(folder: Path, size: Size) -> None:
    """Write noise as real images: one of each class, and one class with as many as shall be."""
    generator = np.random.default_rng(0)
    for label in range(size.classes):
        counts = {"train": 1 if label else size.per_class + 1, "test": 1}
        for split, count in counts.items():
            own = folder / split / f"class-{label:04d}"
            own.mkdir(parents=True)
            for number in range(count):
                pixels = generator.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(own / f"{number}.png")


def _config(size: Size) -> dict[str, Any]:
    """Return the configuration: as little as there can be beside the sizes."""
    row = {"label": "CE*", "method": "cross_entropy", "data": "balanced"}
    return {
        "experiment": {"imbalance_factors": ["as-is"], "seeds": [0], "rows": ["ce-balanced"]},
        "dataset": {
            "name": "noise",
            "source": "image-folder",
            "folder": "photographs",
            "image_size": SIDE,
        },
        "prompts": {"per_class": size.per_class},
        "images": {"source": "glide", "shards": size.shards, "batch_size": 1000},
        "scores": {"scorer": "none"},
        "filter": {"keep_fraction": 1.0, "leak": "off"},
        "training": {"threads": 1, "device": "cpu", "runs": {"ce-balanced": row}},
    }


if __name__ == "__main__":
    sys.exit(run(main))
