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
from sau.tools.sweep.variants import Variant, heading, variants_of

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
    variants = variants_of(key, values)
    base = Path(configured(named).experiment.results)
    runs = [_words(named, variant, base) for variant in variants]
    what = heading(key)
    for variant, words in zip(variants, runs, strict=True):
        try:
            configured(words)
        except UserError as error:
            raise UserError(f"{what} {variant.name}: {error}") from error
    for variant, words in zip(variants, runs, strict=True):
        log.info("%s: %s", what, variant.name)
        if variant is not variants[0]:
            offer(base / variants[0].folder, base / variant.folder)
        _run(f"{what} {variant.name}", words, cores)
    swept = [Swept(each.name, read_results(base / each.folder)) for each in variants]
    for line in to_text(table_of(what, swept)):
        print(printable(line))
    file = base / f"{what}.csv"
    write_text(file, csv_of(figures_of(what, swept)))
    print(printable(f"written: {file}"))


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
