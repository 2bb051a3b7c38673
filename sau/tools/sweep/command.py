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
from sau.tools.sweep.table import Swept, figures_of, table_of

log = logging.getLogger(__name__)


def sweep(
    key: str, values: list[str], /, *, config: list[str] | None = None, cores: str = "all"
) -> None:
    """Run each value of one setting into a results folder of its own, and compare them.

    Each is a whole `sau run`, so what is there already is not made again. Each row at each
    imbalance factor is compared with itself at the first value, over the same seeds and test
    images.

    Args:
        key: of the config, with its section, such as images.guidance_scale.
        values: of it, two or more, as YAML has them; the first one is what others are compared
            with.
        config: what stands after `sau run --config`; results lie below its experiment.results.
        cores: CPU cores to use, or all.

    Raises:
        UserError: what is wrong with the config at one of the values, before anything runs; or a
            run that did not end well.
    """
    named = config or []
    section, _, name = key.partition(".")
    if section == "experiment" or not name or "." in name:
        raise UserError(
            f"KEY: {key}: expected a section other than experiment and a key in it, such as "
            "images.guidance_scale"
        )
    if len(values) < 2 or len(set(values)) < len(values):
        raise UserError(f"VALUES: {' '.join(values)}: expected two or more, each once")
    base = Path(configured(named).experiment.results)
    folders = [base / f"{key}-{value.replace('/', '_')}" for value in values]
    if len(set(folders)) < len(folders):
        raise UserError(f"VALUES: {' '.join(values)}: two of them have one folder, a / being a _")
    runs = [_changed(named, section, name, *pair) for pair in zip(values, folders, strict=True)]
    for words in runs:
        configured(words)
    for value, words in zip(values, runs, strict=True):
        log.info("%s: %s", key, value)
        _run(f"{key} {value}", words, cores)
    swept = [Swept(*pair) for pair in zip(values, map(read_results, folders), strict=True)]
    for line in to_text(table_of(key, swept)):
        print(printable(line))
    file = base / f"{key}.csv"
    write_text(file, csv_of(figures_of(key, swept)))
    print(printable(f"written: {file}"))


def _changed(named: Sequence[str], section: str, name: str, value: str, folder: Path) -> list[str]:
    """Return what stands after `sau run --config` for one value."""
    text = f"{section}={{{name}: {value}}}"
    return with_changes([*named, text, f"experiment={{results: {str(folder)!r}}}"])


def _run(what: str, words: Sequence[str], cores: str) -> None:
    command = [sys.executable, "-m", "sau", "run", *config_words(words), "--cores", cores]
    done = subprocess.run(command)
    if done.returncode:
        raise UserError(
            f"{what}: sau run ended with exit code {done.returncode}, see above; run again, and "
            "the values that are done stay"
        )
