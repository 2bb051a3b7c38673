"""Keep a finished run's reports under results/published: small files, with command and versions.

    python -m scripts.publish configs/cifake-mini.yaml cifake-mini --config 'experiment={rows: []}'

copies the Markdown, CSV and PNG reports of the run of that config and writes a README beside them:
the command, the time that each stage took, the processor, and the versions of all that took part.
`--config` is what the run was given.
"""

import argparse
import os
import re
import shlex
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from snakemake.utils import update_config

from benchmarks.record import processor
from sau.config import load, read_config_file
from sau.core.errors import EXIT_USER_ERROR, UserError
from sau.core.printable import one_line
from sau.pipeline.registry import STAGES
from sau.pipeline.report.origins import versions_of
from sau.run.configured import config_words
from sau.run.planned import planned_jobs
from sau.storage.folders import new_folder
from sau.storage.manifest import read_metadata
from sau.storage.reuse import TAKEN

PUBLISHED = Path("results") / "published"
SMALL = {".md", ".csv", ".png"}
PATH_OF_A_MACHINE = re.compile(rb'^ +[\w.]+: "(/[^"]*)"$', re.MULTILINE)
"""A setting in a report whose value is an absolute path."""
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
        UserError: a bad config, or a run whose reports, benchmarks or manifests are not there;
            what was published before then stays.
    """
    results = Path(load(config_of(config_file, overrides)).experiment.results)
    about_it = about(command_of(config_file, overrides), results, name, note)
    return keep(name, reports_of(results) | {"README.md": about_it.encode()})


def refuse_unfinished(named: Sequence[str]) -> None:
    """Refuse to publish a run of which this config would make anything anew.

    Args:
        named: what stands after `sau run --config`.

    Raises:
        UserError: jobs that are to do, and why.
    """
    jobs = planned_jobs(config_words(named))
    if jobs:
        counts = Counter(job.rule for job in jobs)
        words = ", ".join(f"{rule} {count}" for rule, count in counts.items())
        raise UserError(
            f"with this config jobs are to do ({words}), the first one as "
            f"{one_line(jobs[0].reason)}; name the config that the run was made with, and the "
            "code, or run it to its end"
        )


def keep(name: str, files: Mapping[str, bytes]) -> Path:
    """Write files into a folder of that name under results/published, in place of those there.

    Raises:
        UserError: that is no name of a folder, or a page names a path of this machine.
    """
    if name in ("", "..") or Path(name).name != name:
        raise UserError(f"{name!r}: expected the name of a folder under {PUBLISHED}")
    for file, data in files.items():
        of_machine = PATH_OF_A_MACHINE.search(data) if file.endswith(".md") else None
        if of_machine:
            raise UserError(
                f"{file}: names {of_machine[1].decode()}, which is there on one machine "
                "alone; run with a path from the project's folder, such as a link's"
            )
    with new_folder(PUBLISHED / name, replace=True) as temporary:
        for file, data in files.items():
            (temporary / file).write_bytes(data)
    return PUBLISHED / name


def reports_of(results: Path) -> dict[str, bytes]:
    """Return the bytes of a run's small reports, by their names.

    Raises:
        UserError: there are none.
    """
    folder = results / "report"
    paths = [path for path in sorted(folder.glob("*")) if path.suffix in SMALL]
    found = {path.name: path.read_bytes() for path in paths if SO_FAR not in path.name}
    if not found:
        raise UserError(f"{folder}: no finished report there; run it first")
    return found


def config_of(config_file: Path, overrides: Sequence[str]) -> dict[str, Any]:
    """Return what the run was configured with, in the end."""
    config = read_config_file(config_file)
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals:
            raise UserError(f"--config {override}: expected KEY=VALUE")
        try:
            # As Snakemake reads it: every value is a text, which the schema then makes a number.
            update_config(config, {key: yaml.load(value, Loader=yaml.BaseLoader)})
        except yaml.YAMLError as error:
            raise UserError(f"--config {override}: expected KEY=VALUE in YAML") from error
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
            *heading(command, name, "run", note),
            "[overview.md](overview.md) has the tables, `summary.csv` one line per run and split,",
            "`imbalance-*.md` the details of each imbalance factor. Top-1 is that of the last",
            "epoch; the best ones stand below it, with the images that they were chosen on.",
            "",
            *time_and_versions(results),
        ]
    )


def heading(command: str, name: str, what: str, note: str, *, by: str = "publish") -> list[str]:
    """Return how a published README begins."""
    return [
        f"# {name}: a published {what}",
        "",
        f"Made by `{command}` on {os.cpu_count()} cores of {processor()};",
        f"kept by `python -m scripts.{by}`.",
        "",
        *([note, ""] if note else []),
    ]


def time_and_versions(*results: Path) -> list[str]:
    """Return how a published README ends: what the runs in these folders took and were made with.

    Raises:
        UserError: nothing there says so.
    """
    return [
        "## Time",
        "",
        "Wall clock of the jobs, which run side by side where cores allow.",
        "",
        "| stage | jobs | seconds in all | longest | largest memory, MiB |",
        "| - | -: | -: | -: | -: |",
        *times(*results),
        "",
        "## Versions",
        "",
        *versions(*results),
        "",
    ]


def times(*results: Path) -> list[str]:
    """Return a Markdown row for each stage, from Snakemake's benchmark files.

    Raises:
        UserError: a folder has none.
    """
    found: dict[str, list[Path]] = {}
    for folder in (each / "benchmarks" for each in results):
        files = [path for path in folder.rglob("*.tsv") if SO_FAR not in path.name]
        if not files:
            raise UserError(f"{folder}: nothing there says how long the jobs took; run it first")
        for file in files:
            found.setdefault(file.relative_to(folder).parts[0], []).append(file)
    return [_time(stage, found[stage], results) for stage in sorted(found)]


def _time(stage: str, files: Sequence[Path], results: Sequence[Path]) -> str:
    runs = pd.concat([pd.read_csv(file, sep="\t") for file in files])
    logs = [log for each in results for log in logs_of(each, stage)]
    taken = sum(TAKEN in log.read_text() for log in logs)
    name = f"{stage}, {taken} of them {TAKEN} former results" if taken else stage
    seconds, memory = runs["s"], pd.to_numeric(runs["max_rss"], errors="coerce")
    return (
        f"| {name} | {len(runs)} | {seconds.sum():.0f} | {seconds.max():.0f} | {memory.max():.0f} |"
    )


def logs_of(results: Path, stage: str) -> list[Path]:
    """Return the logs of a stage's jobs."""
    return sorted((results / "logs" / stage).rglob("*.log"))


def versions(*results: Path) -> list[str]:
    """Return the versions that the results themselves recorded, all where they differ.

    Raises:
        UserError: no result of a folder records any.
    """
    made: dict[str, Any] = {}
    for folder in results:
        files = [path for stage in STAGES for path in (folder / stage).rglob("*.parquet")]
        if not files:
            raise UserError(
                f"{folder}: no manifest there says what the run was made with; run it first"
            )
        made |= {str(path): read_metadata(path)["provenance"] for path in files}
    found = versions_of(made, runs=[])
    if not found:
        raise UserError(f"{results[0]}: no manifest there says what the run was made with")
    return [f"- {line}" for line in found.splitlines()]


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
        refuse_unfinished([str(arguments.config), *arguments.overrides])
        print(publish(arguments.config, arguments.name, arguments.note, arguments.overrides))
    except UserError as error:
        print(f"publish: error: {error}", file=sys.stderr)
        sys.exit(EXIT_USER_ERROR)


if __name__ == "__main__":
    main()
