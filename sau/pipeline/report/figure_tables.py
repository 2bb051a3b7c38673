"""The figures beside top-1, as frames and tables."""

import pandas as pd

from sau.pipeline.report import formats
from sau.pipeline.report.tables import FACTOR_KEYS, FIGURE_COLUMNS, METHOD_KEYS
from sau.pipeline.report.text_tables import TextTable, factor_of

HEADINGS = ("Balanced accuracy", "Macro-F1", "ECE", "AURC", "NLL")
"""Of `tables.FIGURE_COLUMNS`."""

CAPTION = (
    "At the last epoch, mean ± standard deviation over seeds. Balanced accuracy and macro-F1 are "
    "means over classes, in percent. ECE: by how much confidence and accuracy differ, in percent. "
    "AURC: error rate of the images that the network is surest of, mean over how many they are, in "
    "percent. NLL: mean of -ln of the true class's probability, in nats. Of the last three less is "
    "better."
)


def figures(rows: pd.DataFrame, split: str, *, with_factor: bool = False) -> TextTable:
    """Lay out the figures of one split, a line for each row at each imbalance factor.

    Args:
        rows: what `tables.run_rows` returns.
        split: all, many, medium or few.
        with_factor: put the imbalance factor before each row.
    """
    cells = []
    of_split = rows[rows["split"] == split]
    for _, group in of_split.groupby([*FACTOR_KEYS, *METHOD_KEYS], sort=False, dropna=False):
        first = group.iloc[0]
        row = [factor_of(first)] if with_factor else []
        row += [first["label"], first["data"]]
        for name in FIGURE_COLUMNS:
            values = group[name].astype(float)
            row.append(formats.mean_std(values.mean(), values.std(ddof=1)))
        cells.append(row)
    before = ["Factor"] if with_factor else []
    headings = [*before, "Method", "Data", *HEADINGS]
    return TextTable(headings, cells, words=len(before) + 2)
