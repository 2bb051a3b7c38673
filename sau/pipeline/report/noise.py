"""Figure: how many synthetic samples label correction called noise."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from sau.pipeline.report.confusion import NAMES_UP_TO
from sau.pipeline.report.figures import look, to_svg
from sau.pipeline.report.runs import Run

Shares = npt.NDArray[np.float64]


def noise_counts(runs: Sequence[Run]) -> pd.DataFrame:
    """Count the synthetic samples and the noise among them, summed over seeds.

    Columns: run (row label, in order of appearance), epoch, label, seeds (number of runs),
    synthetic, noise; no rows where no run has label correction.
    """
    keys = ["run", "epoch", "label"]
    parts = [
        run.label_correction.assign(run=run.record.label)
        for run in runs
        if not run.label_correction.empty
    ]
    if not parts:
        return pd.DataFrame(columns=[*keys, "seeds", "synthetic", "noise"])
    rows = pd.concat(parts, ignore_index=True)
    rows["run"] = pd.Categorical(rows["run"], rows["run"].unique())  # sorts by appearance
    grouped = rows.groupby(keys, sort=True, observed=True)
    counts = grouped.agg(
        seeds=("synthetic", "size"), synthetic=("synthetic", "sum"), noise=("noise", "sum")
    )
    return counts.reset_index().astype({"run": object})


def noise_shares(counts: pd.DataFrame, classes: int) -> dict[str, Shares]:
    """Return the share of noise among the synthetic samples, by row label, class and epoch.

    Args:
        counts: what `noise_counts` returns.
        classes: number of classes.

    Returns: for each method whose runs have label correction, (classes, epochs) in [0, 1], over
    the samples of all seeds; NaN where a class had no synthetic sample in that epoch.
    """
    shares: dict[str, Shares] = {}
    for label, rows in counts.groupby("run", sort=False):
        share = np.full((classes, int(rows["epoch"].max())), np.nan)
        seen = rows[rows["synthetic"] > 0]
        place = seen["label"].to_numpy(), seen["epoch"].to_numpy() - 1
        share[place] = (seen["noise"] / seen["synthetic"]).to_numpy()
        shares[str(label)] = share
    return shares


@look()
def noise(shares: Mapping[str, Shares], class_names: Sequence[str]) -> str:
    """Draw one heat map per method, class by epoch, as SVG; empty where no method has any.

    Args:
        shares: what `noise_shares` returns.
        class_names: in label order.
    """
    if not shares:
        return ""
    height = 1.1 + min(max(0.2 * len(class_names), 1.2), 5.0)
    figure = Figure(figsize=(8.0, height * len(shares)))
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
    bar = figure.colorbar(image, ax=panels.tolist(), pad=0.02)
    bar.ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    bar.set_label("called noise")
    return to_svg(figure, "share of synthetic samples called noise by class and epoch")
