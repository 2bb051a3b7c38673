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
from sau.tools.sweep.command import swept_of, words_of_variant
from sau.tools.sweep.table import figures_of, table_of
from sau.tools.sweep.variants import sweep_of
from scripts.publish import heading, keep, refuse_unfinished, time_and_versions


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
    asked = sweep_of(key, values)
    base = Path(configured(named).experiment.results)
    folders = [base / each.folder for each in asked.variants]
    swept = swept_of(asked, base)
    command = shlex.join(["sau", "sweep", key, *values, *config_words(named)])
    text = "\n".join(
        [
            *heading(command, name, "sweep", note, by="publish_sweep"),
            f"Each row is compared with itself at `{asked.variants[0].name}`: 95 % intervals of a",
            "paired bootstrap over test images and seeds, nothing corrected for looking at many.",
            "",
            *tables(table_of(asked.column, swept)),
            "",
            "`sweep.csv` has the same as numbers, `summary.csv` one line per run and split.",
            "",
            *time_and_versions(*folders),
        ]
    )
    runs = [
        _runs_of(folder).assign(**{asked.column: each.name})
        for each, folder in zip(asked.variants, folders, strict=True)
    ]
    summary = pd.concat(runs)
    summary = summary[[asked.column, *summary.columns.drop(asked.column)]]
    files = {"README.md": text, "summary.csv": csv_of(summary)}
    files["sweep.csv"] = csv_of(figures_of(asked.column, swept))
    return keep(name, {file: words.encode() for file, words in files.items()})


def refuse_unfinished_values(key: str, values: Sequence[str], named: Sequence[str] = ()) -> None:
    """Refuse to publish a sweep of which this config would make anything anew; as `publish_sweep`.

    Raises:
        UserError: the first value with jobs that are to do, and why.
    """
    asked = sweep_of(key, values)
    base = Path(configured(named).experiment.results)
    for variant in asked.variants:
        try:
            refuse_unfinished(words_of_variant(named, variant, base))
        except UserError as error:
            raise UserError(f"{asked.name} {variant.name}: {error}") from error


def _runs_of(folder: Path) -> pd.DataFrame:
    file = folder / "report" / "summary.csv"
    if not file.is_file():
        raise UserError(f"{file}: no such file; run the sweep to its end first")
    return pd.read_csv(file)


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
        refuse_unfinished_values(words.key, words.values, words.named)
        print(publish_sweep(words.name, words.key, words.values, words.note, words.named))
    except UserError as error:
        print(f"publish_sweep: error: {error}", file=sys.stderr)
        sys.exit(EXIT_USER_ERROR)


if __name__ == "__main__":
    main()
