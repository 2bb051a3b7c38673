"""Run all benchmarks, one after the other, and write one page of them.

Each runs in a process of its own and leaves a JSON file in the output folder; the page is
README.md beside them.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.command import positive, run
from benchmarks.report import page
from sau.core.errors import UserError
from sau.storage.files import write_text

NAMES = (
    "training_step",
    "fast_lane",
    "kept_memory",
    "optimizer_cost",
    "views",
    "contrastive_loss",
    "nearest_neighbours",
    "share_of_peak",
    "passes",
    "generation",
    "scoring",
    "curation",
    "manifests",
    "unscored",
    "predict",
    "init",
)


def main(words: Sequence[str] | None = None) -> None:
    """Run the benchmarks from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.all",
        description=(__doc__ or "").split("\n\n")[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where to compute")
    parser.add_argument("--threads", type=positive, default=2, help="threads of PyTorch")
    parser.add_argument("--seconds", type=float, default=60.0, help="time for each ratio")
    parser.add_argument("--benchmarks", nargs="+", choices=NAMES, default=NAMES, help="which")
    parser.add_argument("--widths", type=positive, nargs="+", default=[16], help="of the network")
    parser.add_argument("--steps", type=positive, default=8, help="steps timed at once")
    parser.add_argument("--workers", type=positive, help="of the reference; None: --threads")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--compile", choices=("off", "default", "reduce-overhead"), default="off")
    arguments = parser.parse_args(words)
    for path, command in commands(arguments).items():
        print(f"python -m {' '.join(command)}", flush=True)
        done = subprocess.run([sys.executable, "-m", *command, "--output", str(path)], check=False)
        if done.returncode:
            raise UserError(f"benchmarks.all: {command[0]} failed, see above")
    # Those of an earlier run as well, so that the page can be made in several sittings.
    records = [json.loads(path.read_text()) for path in sorted(arguments.output.glob("*.json"))]
    write_text(arguments.output / "README.md", page(records))


def commands(arguments: argparse.Namespace) -> dict[Path, list[str]]:
    """Return the benchmarks' modules and flags, by the file that each is to write."""
    common = [
        *("--device", arguments.device, "--threads", str(arguments.threads)),
        *("--seconds", str(arguments.seconds)),
    ]
    engine = [
        *("--steps", str(arguments.steps), "--precision", arguments.precision),
        *("--compile", arguments.compile),
    ]
    workers = ["--workers", str(arguments.workers)] if arguments.workers else []
    found: dict[str, list[str]] = {}
    # Those of float32 keep their names, so that both precisions stand on one page.
    ending = "" if arguments.precision == "float32" else f"-{arguments.precision}"
    for width in arguments.widths:
        network = [*engine, "--width", str(width)]
        for style in ("published", "lean"):
            found[f"training_step-width{width}-{style}{ending}"] = [
                *("benchmarks.training_step", *common, *network, *workers, "--reference", style)
            ]
        found[f"optimizer_cost-width{width}{ending}"] = [
            *("benchmarks.optimizer_cost", *common, *network)
        ]
        found[f"share_of_peak-width{width}{ending}"] = [
            *("benchmarks.share_of_peak", *common, *network)
        ]
        found[f"passes-width{width}{ending}"] = [
            *("benchmarks.passes", *common, "--width", str(width)),
            *("--precision", arguments.precision),
        ]
    found["fast_lane"] = ["benchmarks.fast_lane", *common]
    if arguments.device == "cpu":
        found["kept_memory"] = ["benchmarks.kept_memory", *common]
    exact = ["--precision", arguments.precision, "--compile", arguments.compile]
    found[f"generation{ending}"] = ["benchmarks.generation", *common, *exact]
    for name in ("views", "contrastive_loss", "nearest_neighbours", "curation", "manifests"):
        found[name] = [f"benchmarks.{name}", *common]
    found["predict"] = ["benchmarks.predict", *common]
    for name in ("unscored", "init"):
        found[name] = [f"benchmarks.{name}", *common]
    found[f"scoring{ending}"] = [
        *("benchmarks.scoring", *common, "--precision", arguments.precision)
    ]
    return {
        arguments.output / f"{name}.json": command
        for name, command in found.items()
        if name.split("-")[0] in arguments.benchmarks
    }


if __name__ == "__main__":
    sys.exit(run(main))
