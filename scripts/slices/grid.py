"""Which runs of a config's grid to train, and in which order."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from sau.config import Config
from sau.core.errors import UserError
from sau.settings.names import unknown_key


class Run(NamedTuple):
    """A row of the table at an imbalance factor, for every seed."""

    row: str
    imbalance_factor: str


def is_balanced(config: Config, run: Run) -> bool:
    """Return whether a run trains on synthetic images too."""
    return config.training.runs[run.row].needs_synthetic()


def chosen_runs(
    config: Config, rows: Sequence[str], factors: Sequence[str], also: Sequence[str]
) -> list[Run]:
    """Return the runs in the order in which they are trained, each once.

    Args:
        config: of the grid.
        rows: keys of `training.runs`, in order; those that the config runs if empty.
        factors: imbalance factors, in order, all rows of one before the next; the config's if
            empty.
        also: runs to train after those, such as `sau-drop/imbalance-100`.

    Raises:
        UserError: a row or a factor that the config does not have.
    """
    grid = itertools.product(
        factors or config.experiment.factor_names(), rows or config.row_names()
    )
    runs = [Run(row, factor) for factor, row in grid]
    for text in also:
        row, separator, factor = text.partition("/imbalance-")
        if not separator:
            raise UserError(f"--also {text}: expected a run such as sau/imbalance-100")
        runs.append(Run(row, factor))
    for run in runs:
        _refuse_unknown(config, run)
    return list(dict.fromkeys(runs))


def _refuse_unknown(config: Config, run: Run) -> None:
    rows, factors = config.training.runs, config.experiment.factor_names()
    name = f"run {run.row}/imbalance-{run.imbalance_factor}"
    if run.row not in rows:
        raise UserError(unknown_key(name, run.row, rows, "row"))
    if run.imbalance_factor not in factors:
        raise UserError(f"{name}: no such factor in the config; it has {', '.join(factors)}")
