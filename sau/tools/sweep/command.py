"""The command `sau sweep`."""

import logging
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sau.core.errors import UserError
from sau.core.printable import printable
from sau.pipeline.report.csv_text import csv_of
from sau.run.configured import config_words, configured, with_changes
from sau.storage.files import write_text
from sau.tools.compare.command import to_text
from sau.tools.compare.read import read_results
from sau.tools.sweep.shared import offer
from sau.tools.sweep.table import Swept, figures_of, table_of
from sau.tools.sweep.variants import Sweep, Variant, sweep_of

log = logging.getLogger(__name__)


def sweep(
    key: str, values: list[str], /, *, config: list[str] | None = None, cores: str = "all"
) -> None:
    """Run each value of one setting, or named changes, into a folder each, and compare them.

    Each is a whole `sau run`, so what is there already is not made again, nor are the first
    value's pictures and networks where another value does not concern them. Each row at each
    imbalance factor is compared with itself at the first value, over the same seeds and test
    images.

    Args:
        key: of the config, with its section, such as images.guidance_scale; or a YAML file of named
            changes.
        values: of it, two or more, as YAML has them; the first one is what others are compared
            with. Of a file: its names, or all.
        config: what stands after `sau run --config`; results lie below its experiment.results.
        cores: CPU cores to use, or all.

    Raises:
        UserError: what is wrong with the config at one of the values, before anything runs; or a
            run that did not end well.
    """
    named = config or []
    asked = sweep_of(key, values)
    base = Path(configured(named).experiment.results)
    runs = [_words(named, variant, base) for variant in asked.variants]
    for variant, words in zip(asked.variants, runs, strict=True):
        try:
            configured(words)
        except UserError as error:
            raise UserError(f"{asked.name} {variant.name}: {error}") from error
    folders = [base / variant.folder for variant in asked.variants]
    for variant, words, folder in zip(asked.variants, runs, folders, strict=True):
        log.info("%s %s: %s", asked.name, variant.name, folder)
        if folder != folders[0]:
            offer(folders[0], folder)
        _run(f"{asked.name} {variant.name}", words, cores)
    swept = swept_of(asked, base)
    for line in to_text(table_of(asked.column, swept)):
        print(printable(line))
    file = base / f"{asked.name}.csv"
    write_text(file, csv_of(figures_of(asked.column, swept)))
    print(printable(f"written: {file}"))


def swept_of(asked: Sweep, base: Path) -> list[Swept]:
    """Read the finished runs of a sweep, whose folders lie below `base`.

    Raises:
        UserError: one of them is not finished.
    """
    return [Swept(each.name, read_results(base / each.folder)) for each in asked.variants]


def _words(named: Sequence[str], variant: Variant, base: Path) -> list[str]:
    """Return what stands after `sau run --config` for one variant."""
    results = f"experiment={{results: {str(base / variant.folder)!r}}}"
    return with_changes([*named, *variant.changes, results])


def _run(what: str, words: Sequence[str], cores: str) -> None:
    command = [sys.executable, "-m", "sau", "run", *config_words(words), "--cores", cores]
    done = subprocess.run(command)
    if done.returncode:
        raise UserError(
            f"{what}: sau run ended with exit code {done.returncode}, see above; run again, and "
            "the values that are done stay"
        )
