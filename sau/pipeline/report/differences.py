"""How much better each row is than the baseline, with an interval."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from sau.core.errors import UserError
from sau.metrics import Difference, paired_bootstrap, paired_over_seeds
from sau.pipeline.report.answers import Answers
from sau.pipeline.report.runs import MeasuredRun

CAPTION = (
    "Difference: top-1 of all classes at the last epoch minus that of {baseline}, in percentage "
    "points, with a 95 % interval{how}. Only runs of the same seeds are compared. "
    'A row is "better" or "worse" where the interval does not hold zero; with fewer than three '
    "seeds no word is given. Nothing is corrected for looking at several rows."
)
"""What a table of differences needs said."""

OVER_BOTH = ", by a paired bootstrap over test images and seeds"
OVER_SEEDS = " of a paired t-test over seeds; the test images are taken as they are"
OVER_EITHER = f"{OVER_BOTH}, or where a run's predictions are not at hand{OVER_SEEDS}"


class Place(NamedTuple):
    """A row at one imbalance factor."""

    dataset: str
    factor: str
    run: str

    @classmethod
    def of(cls, run: MeasuredRun) -> "Place":
        """Return the place of a run."""
        record = run.record
        return cls(record.dataset, record.requested_imbalance_factor, record.run)


Differences = Mapping[Place, Difference]
"""Of all rows but the baseline that share a seed with it."""


def baseline_of(rows: Sequence[str], wanted: str) -> str:
    """Return the key of the baseline's row.

    Args:
        rows: keys of the method rows in their order; at least one.
        wanted: `report.baseline`; empty: the first row.

    Raises:
        UserError: no such row.
    """
    if wanted and wanted not in rows:
        known = ", ".join(dict.fromkeys(rows))
        raise UserError(f"report.baseline: there is no row {wanted!r}; expected one of {known}")
    return wanted or rows[0]


def differences(runs: Sequence[MeasuredRun], baseline: str, answers: Answers) -> Differences:
    """Compare each row with the baseline at the same imbalance factor.

    Args:
        runs: of any factors.
        baseline: key of a row.
        answers: of all runs, or of none: then seeds alone are drawn.
    """
    by_place: dict[Place, dict[tuple[int, int], MeasuredRun]] = {}
    for run in runs:
        seed = (run.record.data_seed, run.record.seed)
        by_place.setdefault(Place.of(run), {})[seed] = run
    found = {}
    for place, of_row in by_place.items():
        of_baseline = by_place.get(place._replace(run=baseline), {})
        shared = [seed for seed in of_row if seed in of_baseline]
        if shared and place.run != baseline:
            first, second = ([side[seed] for seed in shared] for side in (of_row, of_baseline))
            found[place] = _difference(first, second, answers)
    return found


def _difference(
    runs: Sequence[MeasuredRun], others: Sequence[MeasuredRun], answers: Answers
) -> Difference:
    known = all(run.predictions_sha256 in answers for run in (*runs, *others))
    if not known:
        return paired_over_seeds(*([_top1(run) for run in side] for side in (runs, others)))
    right = [[answers[run.predictions_sha256] for run in side] for side in (runs, others)]
    ids = right[0][0].index
    if any(not each.index.equals(ids) for side in right for each in side):
        raise UserError(
            "--predictions: runs that were tested on different images; give those of one data set"
        )
    first, second = (np.stack([each.to_numpy() for each in side]) for side in right)
    return paired_bootstrap(first, second)


def _top1(run: MeasuredRun) -> float:
    return float(run.metrics.loc[run.metrics["split"] == "all", "top1_last"].iloc[0])


def caption(baseline: str, runs: Sequence[MeasuredRun], answers: Answers) -> str:
    """Say what the differences are, to which row, by its label, and over what."""
    known = [run.predictions_sha256 in answers for run in runs]
    how = OVER_BOTH if all(known) else OVER_EITHER if any(known) else OVER_SEEDS
    return CAPTION.format(baseline=baseline, how=how)


def with_differences(table: pd.DataFrame, found: Differences) -> list[Difference | None]:
    """Return the difference of each row of `tables.summary`; None where there is none."""
    keys = ("dataset", "requested_imbalance_factor", "run")
    places = (Place(*(str(row[key]) for key in keys)) for _, row in table.iterrows())
    return [found.get(place) for place in places]
