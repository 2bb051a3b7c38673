"""Published figures, as the written pages have them."""

import numpy as np
import pandas as pd
from scipy import stats

from tests.paths import ROOT

PUBLISHED = ROOT / "results" / "published"
MINUS = "\N{MINUS SIGN}"
COLUMNS = {
    "digits, IF 100": (["digits"], 100),
    "IF 50": (["digits"], 50),
    "IF 10": (["digits"], 10),
    "CIFAKE-mini, IF 100": (["cifake-mini", "cifake-mini-seeds"], 100),
}


VIEWS = " (flip and shift)"
TWO_ROWS = {f"{method}{views}" for method in ("CE*", "CE*, then real") for views in ("", VIEWS)}
"""Of which each table of pictures has figures."""


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8").replace("\\*", "*")


def table_after(text: str, head: str) -> list[list[str]]:
    """Return the cells of the table whose first line begins with `head`, its line of dashes out."""
    lines = text[text.index(head) :].split("\n\n")[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [rows[0], *rows[2:]]


BALANCED_SOFTMAX = ["fast-cifake-real", "fast-cifake-balanced-softmax"]


def by_seed(method: str, folders: list[str], factor: int, split: str = "all") -> "pd.Series[float]":
    """Return a row's top-1 of the last epoch, by seed."""
    runs = pd.concat([pd.read_csv(PUBLISHED / name / "summary.csv") for name in folders])
    chosen = runs[(runs["method"] == method) & (runs["split"] == split)]
    return chosen[chosen["imbalance_factor"] == factor].set_index("seed")["top1_last"]


def mean_and_deviation(figures: "pd.Series[float]") -> str:
    mean = f"{figures.mean():.2f}"
    return mean if len(figures) == 1 else f"{mean} ± {figures.std():.2f}"


def signed(value: float) -> str:
    """Return a number with a digit after the point, as pages write it."""
    return f"{value:.1f}".replace("-", MINUS)


def paired(better: str, other: str, folders: list[str], factor: int) -> tuple[str, str, str]:
    """Return a mean difference and its 95 % interval, as they are written."""
    gains = (by_seed(better, folders, factor) - by_seed(other, folders, factor)).to_numpy()
    half = stats.t.ppf(0.975, len(gains) - 1) * gains.std(ddof=1) / np.sqrt(len(gains))
    mean = gains.mean()
    return signed(mean), signed(mean - half), signed(mean + half)


def assert_published(rows: list[list[str]], folder: list[str], more: str, views: str = "") -> None:
    """Hold rows of five seeds against a run: label, data, top-1, and that of three splits.

    `more` ends the labels of methods with a further stage; `views` ends the published names.
    """
    for label, _, top1, *splits in rows:
        method = label.removesuffix(more) + views
        assert len(by_seed(method, folder, 100)) == 5
        assert top1 == mean_and_deviation(by_seed(method, folder, 100))
        means = [by_seed(method, folder, 100, name).mean() for name in ("many", "medium", "few")]
        assert splits == [f"{mean:.2f}" for mean in means], method
