"""Keep a finished sweep under results/published: its table, every run's figures, versions.

    python -m scripts.publish_sweep digits-pictures configs/sweeps/digits-pictures.yaml all \\
        --config 'experiment={results: results/pictures, rows: [ce-balanced]}'

What stands after the name is what `sau sweep` was given.
"""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from sau.core.errors import EXIT_USER_ERROR, UserError
from sau.pipeline.report.csv_text import csv_of
from sau.pipeline.report.markdown import tables
from sau.run.configured import config_words, configured
from sau.storage.folders import new_folder
from sau.tools.compare.read import read_results
from sau.tools.sweep.table import Swept, figures_of, table_of
from sau.tools.sweep.variants import heading as heading_of
from sau.tools.sweep.variants import variants_of
from scripts.publish import PUBLISHED, heading, time_and_versions


def publish_sweep(
    name: str, key: str, values: Sequence[str], note: str, named: Sequence[str] = ()
) -> Path:
    """Keep the figures of one sweep and return the folder they stand in now.

    Args:
        name: of the folder under results/published.
        key: what was swept, as `sau sweep` takes it.
        values: of it.
        note: a paragraph of what else there is to say.
        named: what `sau sweep` was given with `--config`.

    Raises:
        UserError: a bad key, value or config, or a run that is not finished.
    """
    if name in ("", "..") or Path(name).name != name:
        raise UserError(f"{name!r}: expected the name of a folder under {PUBLISHED}")
    base, what = Path(configured(named).experiment.results), heading_of(key)
    variants = variants_of(key, values)
    folders = [base / each.folder for each in variants]
    swept = [Swept(v.name, read_results(f)) for v, f in zip(variants, folders, strict=True)]
    command = shlex.join(["sau", "sweep", key, *values, *config_words(named)])
    lines = [
        *heading(command, name, "sweep", note),
        f"Each row is compared with itself at `{variants[0].name}`: 95 % intervals of a paired",
        "bootstrap over test images and seeds. Nothing is corrected for looking at several.",
        "",
        *tables(table_of(what, swept)),
        "",
        f"`{what}.csv` has the same as numbers, `summary.csv` one line per run and split.",
        "",
        *time_and_versions(*folders),
    ]
    runs = [
        pd.read_csv(folder / "report" / "summary.csv").assign(**{what: each.name})
        for each, folder in zip(variants, folders, strict=True)
    ]
    summary = pd.concat(runs)
    summary = summary[[what, *summary.columns.drop(what)]]
    with new_folder(PUBLISHED / name, replace=True) as temporary:
        (temporary / "README.md").write_text("\n".join(lines), encoding="utf-8")
        (temporary / f"{what}.csv").write_text(csv_of(figures_of(what, swept)))
        (temporary / "summary.csv").write_text(csv_of(summary))
    return PUBLISHED / name


def main() -> None:
    """Read the command line and publish one sweep."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("name", help="folder under results/published")
    parser.add_argument("key", help="what was swept")
    parser.add_argument("values", nargs="+", help="of it")
    parser.add_argument("--note", default="", help="a paragraph of what else there is to say")
    parser.add_argument("--config", nargs="*", default=[], dest="named", help="of the sweep")
    words = parser.parse_args()
    try:
        print(publish_sweep(words.name, words.key, words.values, words.note, words.named))
    except UserError as error:
        print(f"publish_sweep: error: {error}", file=sys.stderr)
        sys.exit(EXIT_USER_ERROR)


if __name__ == "__main__":
    main()
