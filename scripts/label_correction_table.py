"""The study of label correction as a table in Markdown, from what `label_correction_study` wrote.

python -m scripts.label_correction_table study
"""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from sau.metrics.found_noise import FoundNoise, Share
from sau.metrics.paired_over_seeds import paired_over_seeds

BASELINES = {"paper": "test, against the paper's", "off": "test, against off"}
"""The rows that others are compared with, and the headings over the differences."""
COUNTS = ["synthetic", "noise", "wrong", "found"]
HEADINGS = [
    *("row", "swapped", "seeds", "validation top-1", "test top-1", *BASELINES.values()),
    *("called noise", "head and tail", "precision", "recall"),
]


def table_of(runs: pd.DataFrame, noise: pd.DataFrame) -> str:
    """Return the table; noise is that of the last epoch, over all seeds of a row."""
    noise = noise[noise["epoch"] == noise["epoch"].max()]
    lines = [f"| {' | '.join(HEADINGS)} |", f"| - | {' | '.join(['-:'] * (len(HEADINGS) - 1))} |"]
    for share in sorted(runs["swapped"].unique()):
        of_share = runs[runs["swapped"] == share]
        for row in of_share["row"].unique():
            found = noise[(noise["row"] == row) & (noise["swapped"] == share)]
            lines.append(f"| {' | '.join(_cells(of_share, row, found))} |")
    return "\n".join(lines) + "\n"


def _cells(runs: pd.DataFrame, row: str, noise: pd.DataFrame) -> list[str]:
    own = runs[runs["row"] == row]
    figures = [_mean(own[name]) for name in ("validation", "test")]
    share = own["swapped"].iloc[0]
    gains = [_difference(runs, row, baseline) for baseline in BASELINES]
    cells = [row, f"{share:.0%}", str(len(own)), *figures, *gains]
    if noise.empty:
        return [*cells, "none", "", "", ""]
    found = FoundNoise(*(int(noise[name].sum()) for name in COUNTS))
    by_class = noise[noise["synthetic"] > 0].groupby("label")[["synthetic", "noise"]].sum()
    shares = by_class["noise"] / by_class["synthetic"]
    ends = f"{shares.head(3).mean():.0%}, {shares.tail(3).mean():.0%}"
    return [*cells, _share(found.share_called), ends, _share(found.precision), _share(found.recall)]


def _mean(values: pd.Series) -> str:
    spread = f" ± {values.std():.2f}" if len(values) > 1 else ""
    return f"{values.mean():.2f}{spread}"


def _difference(runs: pd.DataFrame, row: str, baseline: str) -> str:
    """Return the mean difference over the seeds that both have, with its interval."""
    pair = (runs[runs["row"] == name].set_index("seed")["test"] for name in (row, baseline))
    both = pd.concat(list(pair), axis=1, join="inner", keys=["one", "other"])
    if row == baseline or both.empty:
        return ""
    found = paired_over_seeds(both["one"].tolist(), both["other"].tolist())
    if math.isnan(found.low):
        return f"{found.mean:+.1f}"
    return f"{found.mean:+.1f} ({found.low:+.1f} to {found.high:+.1f})"


def _share(share: Share) -> str:
    if not share.of:
        return ""
    return f"{share.value:.2f} ({share.low:.2f} to {share.high:.2f})"


def main(words: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path)
    folder = parser.parse_args(words).study
    print(table_of(*(pd.read_csv(folder / f"{name}.csv") for name in ("runs", "noise"))), end="")


if __name__ == "__main__":
    main()
