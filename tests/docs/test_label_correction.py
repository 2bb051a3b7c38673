"""Accuracies on the page about label correction: recomputed from the published runs."""

import pandas as pd

from sau.metrics.paired_over_seeds import paired_over_seeds
from tests.docs.published import PUBLISHED, mean_and_deviation, signed, table_after, text_of

ROWS = {
    "the paper's": ["paper"],
    "the classifier, a budget of that share": ["classifier_budget", "classifier_budget_40"],
    "the paper's, prototypes of 124 images": ["prototypes_of_124"],
    "none, prototypes of 124 images": ["off_of_124"],
    "none": ["off"],
}
SHARES = {"none swapped": 0.0, "20 % swapped": 0.2, "40 % swapped": 0.4}


def by_seed(rows: list[str], share: float) -> "pd.Series[float]":
    runs = pd.read_csv(PUBLISHED / "label-correction-seeds" / "runs.csv")
    chosen = runs[runs["row"].isin(rows) & (runs["swapped"] == share)]
    return chosen.set_index("seed")["test"]


def gain(rows: list[str], share: float) -> str:
    pair = pd.concat([by_seed(rows, share), by_seed(["off"], share)], axis=1, join="inner")
    found = paired_over_seeds(pair.iloc[:, 0].tolist(), pair.iloc[:, 1].tolist())
    return f"{signed(found.mean)} ({signed(found.low)} to {signed(found.high)})"


def test_accuracies_are_those_of_the_published_runs() -> None:
    head, *rows = table_after(text_of("docs/label-correction.md"), "| rule | none swapped |")
    assert {row[0] for row in rows} == set(ROWS)
    for rule, *cells in rows:
        for name, cell in zip(head[1:], cells, strict=True):
            if name in SHARES:
                share = SHARES[name]
                assert cell == mean_and_deviation(by_seed(ROWS[rule], share)), (rule, name)
            elif cell:
                assert cell == gain(ROWS[rule], share), (rule, name)
