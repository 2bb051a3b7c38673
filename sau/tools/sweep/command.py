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
from sau.tools.sweep.shared import offer, offer_learned
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
            run that did not end well. The others are run and compared all the same.
    """
    named = config or []
    asked = sweep_of(key, values)
    base = Path(configured(named).experiment.results)
    runs = [words_of_variant(named, variant, base) for variant in asked.variants]
    for variant, words in zip(asked.variants, runs, strict=True):
        try:
            configured(words)
        except UserError as error:
            raise UserError(f"{asked.name} {variant.name}: {error}") from error
    done = asked._replace(variants=_run_all(asked, runs, base, cores))
    swept = swept_of(done, base)
    for line in to_text(table_of(asked.column, swept)):
        print(printable(line))
    file = base / f"{asked.name}.csv"
    write_text(file, csv_of(figures_of(asked.column, swept)))
    print(printable(f"written: {file}"))
    failed = [each.name for each in asked.variants if each not in done.variants]
    if failed:
        raise UserError(
            f"{asked.name} {', '.join(failed)}: sau run did not end well, see above; run again, "
            "and what is done stays"
        )


def _run_all(asked: Sweep, runs: Sequence[list[str]], base: Path, cores: str) -> list[Variant]:
    """Run all variants, and return those that ended well; without the first one there are none.

    Raises:
        UserError: the first one did not end well.
    """
    done: list[Variant] = []
    first = asked.variants[0]
    for variant, words in zip(asked.variants, runs, strict=True):
        log.info("%s %s: %s", asked.name, variant.name, base / variant.folder)
        if variant is not first:
            offer(base / first.folder, base / variant.folder)
        for earlier in done:
            offer_learned(base / earlier.folder, base / variant.folder)
        command = [sys.executable, "-m", "sau", "run", *config_words(words), "--cores", cores]
        code = subprocess.run(command).returncode
        if code == 0:
            done.append(variant)
        elif variant is first:
            raise UserError(
                f"{asked.name} {variant.name}: sau run ended with exit code {code}, see above, and "
                "the others are compared with it; run again, and what is done stays"
            )
    return done


def swept_of(asked: Sweep, base: Path) -> list[Swept]:
    """Read the finished runs of a sweep, whose folders lie below `base`.

    Raises:
        UserError: one of them is not finished.
    """
    return [Swept(each.name, read_results(base / each.folder)) for each in asked.variants]


def words_of_variant(named: Sequence[str], variant: Variant, base: Path) -> list[str]:
    """Return what stands after `sau run --config` for one variant."""
    results = f"experiment={{results: {str(base / variant.folder)!r}}}"
    return with_changes([*named, *variant.changes, results])
