"""Which figures of `sau quality` go along with a published gain, class by class, as Markdown.

For runs of which the table and the published figures are left, and the results folder is not; with
the folder, `sau quality --row` says the same.

    python -m scripts.quality_correlations quality/quality.csv results/published/cifake-mini-seeds \
        --row 'CE*' --baseline CE --imbalance-factor 100
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from sau.core.errors import EXIT_USER_ERROR, UserError
from sau.tools.quality.figures import ALL, ClassFigures
from sau.tools.quality.gains import REAL, Correlation, Gains, correlations
from scripts import published_figures

PLACE = "place in the tail"
"""Of a class, from the largest; in published figures classes stand by their real images."""


def figures_of(quality: pd.DataFrame) -> list[ClassFigures]:
    """Return the figures of the classes from the table that `sau quality` has written."""
    names = list(ClassFigures.__dataclass_fields__)
    rows = quality[quality["name"] != ALL][names].to_dict("records")
    return [ClassFigures(**{str(name): value for name, value in row.items()}) for row in rows]


def recalls_of(published: Path) -> pd.DataFrame:
    """Return the recall of each row and class of a published run.

    Raises:
        UserError: a folder with neither figures.csv nor confusion matrices.
    """
    written = published / "figures.csv"
    return pd.read_csv(written) if written.is_file() else published_figures.figures_of(published)


def gains_of(
    published: pd.DataFrame, row: str, baseline: str, factor: str, names: Sequence[str]
) -> Gains:
    """Return a row's recall less the baseline's, with each class's place in the tail.

    Raises:
        UserError: a row that is not there, or not for all of these classes.
    """
    recalls = []
    for label in (row, baseline):
        own = published[
            (published["method"] == label) & (published["imbalance_factor"].astype(str) == factor)
        ]
        recall = pd.to_numeric(own.set_index("class")["recall"]).reindex(list(names))
        if recall.isna().any():
            raise UserError(f"no figures of {label!r} at imbalance factor {factor} for each class")
        recalls.append(recall.to_numpy(dtype=np.float64))
    missing = np.full(len(names), np.nan)
    places = np.arange(len(names), dtype=np.float64)
    return Gains(recalls[0] - recalls[1], missing, factor, 0, places)


def table_of(found: dict[str, Correlation]) -> str:
    """Return the correlations with their intervals."""
    lines = ["| figure | correlation with the gain | 95 % interval |", "| - | -: | -: |"]
    lines += [
        f"| {PLACE if name == REAL else name.replace('_', ' ')} | {one.value:.2f} | "
        f"{one.low:.2f} to {one.high:.2f} |"
        for name, one in found.items()
    ]
    return "\n".join(lines) + "\n"


def main(words: Sequence[str] | None = None) -> int:
    """Print the table; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("quality", type=Path, help="quality.csv, as `sau quality` wrote it")
    parser.add_argument("published", type=Path, help="folder with figures.csv or counts")
    parser.add_argument("--row", required=True, help="that trained on the images")
    parser.add_argument("--baseline", required=True, help="that it is compared with")
    parser.add_argument("--imbalance-factor", default="100", help="of both")
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap")
    arguments = parser.parse_args(words)
    try:
        figures = figures_of(pd.read_csv(arguments.quality, keep_default_na=True))
        gains = gains_of(
            recalls_of(arguments.published),
            arguments.row,
            arguments.baseline,
            arguments.imbalance_factor,
            [one.name for one in figures],
        )
    except (OSError, ValueError, KeyError, UserError) as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_USER_ERROR
    print(table_of(dict(correlations(figures, gains, arguments.seed))), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
