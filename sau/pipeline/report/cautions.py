"""What may mislead the reader of the numbers: a name and a sentence each."""

from collections.abc import Sequence

import pandas as pd

from sau.pipeline.report.formats import span
from sau.pipeline.report.runs import Run
from sau.pipeline.report.statements import Statement, listed

_MOST = 0.5
"""Where label correction calls a larger share of a class's images noise, the page says so."""


def mostly_noise(counts: pd.DataFrame, class_names: Sequence[str]) -> Statement | None:
    """Say of which classes label correction calls most synthetic images noise; None of none.

    Args:
        counts: what `noise.noise_counts` returns.
        class_names: in label order.
    """
    named = []
    for row, table in counts.groupby("run", sort=False):
        last = table[table["epoch"] == table["epoch"].max()]
        for found in last[last["noise"] > _MOST * last["synthetic"]].to_dict("records"):
            share = 100 * found["noise"] / found["synthetic"]
            named.append(f"{class_names[int(found['label'])]} ({share:.0f} %, {row})")
    if not named:
        return None
    return "Mostly noise", (
        "label correction calls more than half of a class's synthetic images noise at the end: "
        f"{listed(named, 'classes')}. Look at them in the gallery: either they show something "
        "else, or the correction cannot tell this class from its neighbours"
    )


def unequal_steps(runs: Sequence[Run]) -> Statement | None:
    """Say how many steps the rows were trained for where they differ; None where they do not."""
    steps: dict[str, set[int]] = {}
    for run in runs:
        if "training_steps" in run.made:
            steps.setdefault(run.record.label, set()).add(int(run.made["training_steps"]))
    if len(set().union(*steps.values())) <= 1:
        return None
    each = ", ".join(f"{label} {span(sorted(counts))}" for label, counts in steps.items())
    return "Training steps", (
        f"not the same for all rows: {each}; a part of what they differ by may be that some were "
        "trained longer (training.steps_per_epoch makes them alike)"
    )
