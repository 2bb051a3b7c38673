"""Keep a finished run's reports under results/published: small files, with command and versions.

    python -m scripts.publish configs/cifake-mini.yaml cifake-mini --config 'experiment={rows: []}'

copies the Markdown, CSV and PNG reports of the run of that config and writes a README beside them:
the command, the time that each stage took, the processor, and the versions of all that took part.
`--config` is what the run was given.
"""

import argparse
import os
import platform
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from snakemake.utils import update_config

from sau.__main__ import EXIT_USER_ERROR
from sau.config import load
from sau.errors import UserError
from sau.files import write_text
from sau.kept import TAKEN
from sau.manifest import read_metadata
from sau.stages import STAGES

PUBLISHED = Path("results") / "published"
SMALL = {".md", ".csv", ".png"}
SO_FAR = "so-far"
"""In the names of what the rule overview_so_far leaves behind: a state, not a result."""


def publish(config_file: Path, name: str, note: str, overrides: Sequence[str] = ()) -> Path:
    """Copy the reports of one run and return the folder they stand in now.

    Args:
        config_file: what the run was configured with.
        name: of the folder under results/published.
        note: a paragraph of what else there is to say.
        overrides: of single keys, as Snakemake's `--config` takes them.

    Raises:
        UserError: a bad config, or a run whose manifests are not there.
    """
    results = Path(load(config_of(config_file, overrides)).experiment.results)
    about_it = about(command_of(config_file, overrides), results, name, note)
    folder = PUBLISHED / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in sorted((results / "report").iterdir()):
        if path.suffix in SMALL and SO_FAR not in path.name:
            shutil.copyfile(path, folder / path.name)
    write_text(folder / "README.md", about_it)
    return folder


def config_of(config_file: Path, overrides: Sequence[str]) -> dict[str, Any]:
    """Return what the run was configured with, in the end."""
    config: dict[str, Any] = yaml.safe_load(config_file.read_text())
    for override in overrides:
        key, _, value = override.partition("=")
        update_config(config, {key: yaml.safe_load(value)})
    return config


def command_of(config_file: Path, overrides: Sequence[str]) -> str:
    """Return the command that makes the run again."""
    words = ["snakemake", "--cores", "2"]
    if config_file != Path("config.yaml"):
        words += ["--configfile", os.fspath(config_file)]
    return shlex.join([*words, *(["--config", *overrides] if overrides else [])])


def about(command: str, results: Path, name: str, note: str) -> str:
    """Return the README of a published run, in Markdown."""
    return "\n".join(
        [
            f"# {name}: a published run",
            "",
            f"Made by `{command}` on {os.cpu_count()} cores of {processor()};",
            "kept by `python -m scripts.publish`.",
            "",
            *([note, ""] if note else []),
            "[overview.md](overview.md) has the tables, `summary.csv` one line per run and split,",
            "`imbalance-*.md` the details of each imbalance factor. Top-1 is that of the last",
            "epoch; the best one stands beside it, with the images that it was chosen on.",
            "",
            "## Time",
            "",
            "Wall clock of the jobs, which run side by side where cores allow.",
            "",
            "| stage | jobs | seconds in all | longest | largest memory, MiB |",
            "| - | -: | -: | -: | -: |",
            *times(results),
            "",
            "## Versions",
            "",
            *versions(results),
            "",
        ]
    )


def times(results: Path) -> list[str]:
    """Return a Markdown row for each stage, from Snakemake's benchmark files."""
    rows = []
    for stage in sorted((results / "benchmarks").iterdir()):
        paths = [path for path in sorted(stage.rglob("*.tsv")) if SO_FAR not in path.name]
        if not paths:
            continue
        runs = pd.concat([pd.read_csv(path, sep="\t") for path in paths])
        taken = sum(TAKEN in path.read_text() for path in logs_of(results, stage.name))
        name = f"{stage.name}, {taken} of them {TAKEN} former results" if taken else stage.name
        seconds, memory = runs["s"], pd.to_numeric(runs["max_rss"], errors="coerce")
        rows.append(
            f"| {name} | {len(runs)} | {seconds.sum():.0f} | {seconds.max():.0f} "
            f"| {memory.max():.0f} |"
        )
    return rows


def logs_of(results: Path, stage: str) -> list[Path]:
    """Return the logs of a stage's jobs."""
    return sorted((results / "logs" / stage).rglob("*.log"))


def versions(results: Path) -> list[str]:
    """Return the versions that the results themselves recorded."""
    found: dict[str, str] = {}
    manifests = [path for stage in STAGES for path in (results / stage).rglob("*.parquet")]
    for path in sorted(manifests):
        made = read_metadata(path)["provenance"]
        found |= made["versions"] | {"sau": made["code"]["sau"]}
    if not found:
        raise UserError(
            f"{results}: no manifest there says what the run was made with; run it first"
        )
    return [f"- {name} {version}" for name, version in sorted(found.items())]


def processor() -> str:
    """Return the processor's model name, where the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def main() -> None:
    """Read the command line and publish one run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path, help="config file of the run")
    parser.add_argument("name", help="folder under results/published")
    parser.add_argument("--note", default="", help="a paragraph of what else there is to say")
    parser.add_argument(
        "--config",
        nargs="*",
        default=[],
        metavar="KEY=VALUE",
        dest="overrides",
        help="what the run was given with Snakemake's --config",
    )
    arguments = parser.parse_args()
    try:
        print(publish(arguments.config, arguments.name, arguments.note, arguments.overrides))
    except UserError as error:
        print(f"publish: error: {error}", file=sys.stderr)
        sys.exit(EXIT_USER_ERROR)


if __name__ == "__main__":
    main()
