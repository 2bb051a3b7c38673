"""The numbers behind the figures as tidy CSV text; `method` is the row's label in all of them."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from sau.pipeline.report.confusion_counts import pair_counts
from sau.pipeline.report.csv_text import csv_of
from sau.pipeline.report.curves import curve_table
from sau.pipeline.report.formats import count, decimal
from sau.pipeline.report.noise import found_in, noise_counts
from sau.pipeline.report.runs import Run

CURVE_DIGITS = 8
"""Enough for the last learning rates of a cosine."""

SHARE_DIGITS = 6

RATES = tuple(
    f"{name}{bound}" for name in ("precision", "recall") for bound in ("", "_low", "_high")
)


def curves_csv(runs: Sequence[Run]) -> str:
    """Return every quantity of the histories: one row per method, name and epoch.

    Columns: method, data, name, epoch, mean and std over seeds (empty for a single seed). Methods
    stand in their order, names in the alphabet's.
    """
    table = curve_table(runs)
    place = {run: index for index, run in enumerate(table["run"].unique())}
    table = table.assign(place=table["run"].map(place)).sort_values(["place", "name", "epoch"])
    numbers = {key: table[key].map(lambda v: decimal(v, CURVE_DIGITS)) for key in ("mean", "std")}
    columns = ["method", "data", "name", "epoch", "mean", "std"]
    return csv_of(table.assign(method=table["run"], **numbers)[columns])


def confusion_csv(runs: Sequence[Run], class_names: Sequence[str]) -> str:
    """Return the last epoch's predictions, counted: the pairs of classes that each method has.

    Columns: method, selection (last), true_class, predicted_class, count (test images, summed over
    seeds: a run counts each of them once; pairs without any have no row, for of a thousand classes
    there are a million pairs).

    Args:
        runs: of one imbalance factor.
        class_names: in label order.
    """
    names = np.array(class_names, dtype=object)
    frames = []
    for method, pairs in pair_counts(runs, len(names)).items():
        columns = {"method": method, "selection": "last", "true_class": names[pairs.true]}
        columns |= {"predicted_class": names[pairs.predicted], "count": pairs.count}
        frames.append(pd.DataFrame(columns))
    return csv_of(pd.concat(frames))


def noise_csv(runs: Sequence[Run], class_names: Sequence[str]) -> str:
    """Return what label correction called noise: one row per method, epoch and class.

    Columns: method, epoch, class, seeds (number of runs), synthetic (samples seen, summed over
    seeds), noise (those called so), share (noise over synthetic, 0 to 1; empty where the class had
    no synthetic sample); wrong (samples whose label is truly wrong), found (those of them called
    noise), precision and recall (0 to 1), each with the bounds of Wilson's 95 % interval; empty
    where the truth is unknown or there is nothing to divide by. The header alone where no run has
    label correction.

    Args:
        runs: of one imbalance factor.
        class_names: in label order.
    """
    counts = noise_counts(runs)
    shares = [
        decimal(noise / synthetic, SHARE_DIGITS) if synthetic else ""
        for noise, synthetic in zip(counts["noise"], counts["synthetic"], strict=True)
    ]
    names = [class_names[label] for label in counts["label"]]
    columns = {"method": counts["run"], "epoch": counts["epoch"], "class": names}
    columns |= {key: counts[key] for key in ("seeds", "synthetic", "noise")}
    columns |= {"share": shares}
    columns |= {key: [count(value) for value in counts[key]] for key in ("wrong", "found")}
    rates = [_rates(row) for _, row in counts.iterrows()]
    columns |= {name: [row[place] for row in rates] for place, name in enumerate(RATES)}
    return csv_of(pd.DataFrame(columns))


def _rates(row: pd.Series) -> list[str]:
    """Return precision and recall of a row of counts, each with its bounds."""
    if math.isnan(row["wrong"]):
        return [""] * len(RATES)
    found = found_in(row)
    values = [
        value
        for rate in (found.precision, found.recall)
        for value in (rate.value, rate.low, rate.high)
    ]
    return [decimal(value, SHARE_DIGITS) for value in values]
