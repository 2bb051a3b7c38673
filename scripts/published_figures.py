"""Measure published runs again, without training, by what is kept of them.

    python -m scripts.published_figures

writes `figures.csv` into each folder of results/published that holds confusion matrices. Of those
runs counts and top-1 by seed are kept, and no predictions: recall and F1 of each class, balanced
accuracy and macro-F1 follow from the counts (over all seeds together), differences to the first row
from top-1 by seed, as of a paired t-test. ECE, AURC, NLL and intervals over test images do not
follow from them; runs that are published from schema version 7 on have the former in `summary.csv`.
"""

import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from sau.core.errors import EXIT_USER_ERROR, UserError
from sau.metrics import balanced_accuracy, macro_f1, paired_over_seeds, per_class_f1
from sau.pipeline.report.csv_text import csv_of
from sau.pipeline.report.formats import decimal
from sau.storage.files import write_text

PUBLISHED = Path("results") / "published"
COLUMNS = ["method", "imbalance_factor", "class", "images", "recall", "balanced_accuracy"]
COLUMNS += ["macro_f1", "difference", "low", "high", "in_words"]
CONFUSION = re.compile(r"imbalance-(?P<factor>[\w.-]+)-confusion\.csv")


def figures_of(folder: Path) -> pd.DataFrame:
    """Return a row for all classes and one for each class, of each method and imbalance factor.

    Args:
        folder: a published one.

    Returns: method, imbalance_factor, class (empty: all), images (of all seeds), recall,
        balanced_accuracy, macro_f1 (percent; of a class its recall and F1), and of all classes
        difference, low, high (points) and in_words.

    Raises:
        UserError: no matrix, or no table of runs.
    """
    found = [(path, CONFUSION.fullmatch(path.name)) for path in sorted(folder.glob("*.csv"))]
    matrices = [(path, match["factor"]) for path, match in found if match]
    if not matrices or not (folder / "summary.csv").is_file():
        raise UserError(f"{folder}: no confusion matrix or no summary.csv; nothing to measure")
    runs = pd.read_csv(folder / "summary.csv", dtype={"seed": str})
    rows = [
        row
        for path, factor in matrices
        for method, counts in pd.read_csv(path).groupby("method", sort=False)
        for row in _of_method(str(method), factor, counts, runs)
    ]
    return pd.DataFrame([dict.fromkeys(COLUMNS, "") | row for row in rows], columns=COLUMNS)


def left_as_it_is(folder: Path) -> str:
    """Return why there is nothing to do for a folder; nothing if there is."""
    if not list(folder.glob("*-confusion.csv")):
        return "no confusion matrix"
    of_runs = folder / "summary.csv"
    has_figures = of_runs.is_file() and "nll_last" in pd.read_csv(of_runs, nrows=0)
    return "its summary.csv has the figures" if has_figures else ""


def _of_method(
    method: str, factor: str, counts: pd.DataFrame, runs: pd.DataFrame
) -> list[dict[str, str]]:
    last = counts[counts["selection"] == "last"]
    names = list(dict.fromkeys(last["true_class"]))
    every = dict.fromkeys([*names, *last["predicted_class"]])
    places = {name: place for place, name in enumerate(every)}
    labels, predicted = (
        np.repeat(last[side].map(places).to_numpy(), last["count"])
        for side in ("true_class", "predicted_class")
    )
    everything = {
        "method": method,
        "imbalance_factor": factor,
        "class": "",
        "images": str(len(labels)),
        "recall": decimal(100 * float((labels == predicted).mean()), 4),
        "balanced_accuracy": decimal(balanced_accuracy(labels, predicted), 4),
        "macro_f1": decimal(macro_f1(labels, predicted), 4),
        **_difference(method, factor, runs),
    }
    f1 = per_class_f1(labels, predicted)
    of_class = []
    for name in names:
        own = labels == places[name]
        recall = decimal(100 * float((predicted[own] == places[name]).mean()), 4)
        figures = {"recall": recall, "balanced_accuracy": recall}
        figures |= {"macro_f1": decimal(float(f1[places[name]]), 4), "images": str(int(own.sum()))}
        of_class.append({"method": method, "imbalance_factor": factor, "class": name} | figures)
    return [everything, *of_class]


def _difference(method: str, factor: str, runs: pd.DataFrame) -> dict[str, str]:
    """Return the difference to the first row over the seeds of both, and its word."""
    of_factor = runs[(runs["split"] == "all") & (runs["imbalance_factor"] == float(factor))]
    top1 = {
        label: rows.set_index("seed")["top1_last"]
        for label, rows in of_factor.groupby("method", sort=False)
    }
    baseline = next(iter(top1), method)
    if method not in top1 or method == baseline:
        return {"in_words": "baseline" if method == baseline else ""}
    both = pd.concat([top1[method], top1[baseline]], axis=1, join="inner")
    if both.empty:
        return {}
    found = paired_over_seeds(both.iloc[:, 0].tolist(), both.iloc[:, 1].tolist())
    figures = {"difference": found.mean, "low": found.low, "high": found.high}
    return {name: decimal(value, 4) for name, value in figures.items()} | {
        "in_words": str(found.verdict)
    }


def main() -> int:
    """Measure every published folder; return the exit code."""
    try:
        for folder in sorted(path for path in PUBLISHED.iterdir() if path.is_dir()):
            if why := left_as_it_is(folder):
                print(f"{folder}: {why}, left as it is")
                continue
            table = figures_of(folder)
            write_text(folder / "figures.csv", csv_of(table))
            print(f"{folder}: {len(table)} rows in figures.csv")
    except (UserError, OSError) as error:
        print(f"published_figures: error: {error}", file=sys.stderr)
        return EXIT_USER_ERROR
    return 0


if __name__ == "__main__":
    sys.exit(main())
