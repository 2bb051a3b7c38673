"""Figure: how many synthetic samples label correction called noise, and how rightly."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from sau.metrics.found_noise import FoundNoise
from sau.pipeline.report.confusion import NAMES_UP_TO
from sau.pipeline.report.figures import WIDE, Drawing, drawing_of, percent_bar
from sau.pipeline.report.runs import Run

Shares = npt.NDArray[np.float64]

COUNTS = ("synthetic", "noise", "wrong", "found")
"""Columns of label correction that are summed over seeds."""


def noise_counts(runs: Sequence[Run]) -> pd.DataFrame:
    """Count the synthetic samples and the noise among them, summed over seeds.

    Columns: run (row label, in order of appearance), epoch, label, seeds (number of runs),
    synthetic, noise, wrong, found (the latter two NaN where a run does not know the truth); no rows
    where no run has label correction.
    """
    keys = ["run", "epoch", "label"]
    parts = [
        run.label_correction.assign(run=run.record.label)
        for run in runs
        if not run.label_correction.empty
    ]
    if not parts:
        return pd.DataFrame(columns=[*keys, "seeds", *COUNTS])
    rows = pd.concat(parts, ignore_index=True)
    rows["run"] = pd.Categorical(rows["run"], rows["run"].unique())  # sorts by appearance
    # As numbers in any case: a column without any is one of nothing.
    rows[["wrong", "found"]] = rows[["wrong", "found"]].astype(float)
    grouped = rows.groupby(keys, sort=True, observed=True)
    counts = grouped.agg(
        seeds=("synthetic", "size"),
        **{name: (name, lambda column: column.sum(skipna=False)) for name in COUNTS},
    )
    return counts.reset_index().astype({"run": object})


def is_judged(counts: pd.DataFrame) -> bool:
    """Return whether all of some counts know which labels are truly wrong."""
    return len(counts) > 0 and bool(counts["wrong"].notna().all())


def found_in(counts: pd.Series | pd.DataFrame) -> FoundNoise:
    """Return counts, one row of `noise_counts` or the sum of several, as what was found."""
    numbers = (int(np.sum(counts[name])) for name in COUNTS)
    return FoundNoise(*numbers)


def noise_maps(counts: pd.DataFrame, classes: int) -> dict[str, Shares]:
    """Return what the figure shows, by heading: shares called noise, and how right that is.

    Where the true labels are known, precision and recall follow each method's shares.

    Args:
        counts: what `noise_counts` returns.
        classes: number of classes.
    """
    maps: dict[str, Shares] = {}
    for label, rows in counts.groupby("run", sort=False):
        maps[str(label)] = _share(rows, "noise", "synthetic", classes)
        if is_judged(rows):
            maps[f"{label}: precision"] = _share(rows, "found", "noise", classes)
            maps[f"{label}: recall"] = _share(rows, "found", "wrong", classes)
    return maps


def _share(rows: pd.DataFrame, part: str, whole: str, classes: int) -> Shares:
    """Return one count over another by class and epoch, NaN where there is nothing to divide by."""
    share = np.full((classes, int(rows["epoch"].max())), np.nan)
    seen = rows[rows[whole] > 0]
    place = seen["label"].to_numpy(), seen["epoch"].to_numpy() - 1
    share[place] = (seen[part] / seen[whole]).to_numpy()
    return share


def noise_shares(counts: pd.DataFrame, classes: int) -> dict[str, Shares]:
    """Return the share of noise among the synthetic samples, by row label, class and epoch.

    Args:
        counts: what `noise_counts` returns.
        classes: number of classes.

    Returns: for each method whose runs have label correction, (classes, epochs) in [0, 1], over
    the samples of all seeds; NaN where a class had no synthetic sample in that epoch.
    """
    return {
        str(label): _share(rows, "noise", "synthetic", classes)
        for label, rows in counts.groupby("run", sort=False)
    }


def noise(shares: Mapping[str, Shares], class_names: Sequence[str]) -> Drawing | None:
    """Draw one heat map per heading, class by epoch; None where there is none.

    Args:
        shares: what `noise_maps` returns.
        class_names: in label order.
    """
    if not shares:
        return None
    description = "share of synthetic samples called noise by class and epoch"
    return drawing_of(lambda width: _heat_maps(shares, class_names, width), description)


def _heat_maps(shares: Mapping[str, Shares], class_names: Sequence[str], width: float) -> Figure:
    height = 1.1 + min(max(0.2 * len(class_names), 1.2), 5.0)
    figure = Figure(figsize=(width, height * len(shares) + (0 if width >= WIDE else 0.6)))
    panels = figure.subplots(len(shares), 1, squeeze=False).ravel()
    colours = mpl.colormaps["cividis"].with_extremes(bad="#80808040")
    for axes, (label, share) in zip(panels, shares.items(), strict=True):
        image = axes.imshow(
            share,
            cmap=colours,
            vmin=0,
            vmax=1,
            aspect="auto",
            interpolation="none",
            extent=(0.5, share.shape[1] + 0.5, len(class_names) - 0.5, -0.5),
        )
        axes.set_title(label)
        axes.set_xlabel("epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        if len(class_names) <= NAMES_UP_TO:
            axes.set_yticks(range(len(class_names)), class_names, fontsize="small")
        else:
            axes.set_ylabel("class")
        axes.spines[:].set_visible(False)
    bar = percent_bar(figure, image, panels.tolist(), width)
    bar.set_label("called noise" if not any(": " in name for name in shares) else "share")
    return figure
