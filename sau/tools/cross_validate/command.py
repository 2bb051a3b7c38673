"""The command `sau cross-validate`."""

import dataclasses
import logging
import subprocess
import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import pandas as pd

from sau.config import Config
from sau.core.errors import UserError
from sau.core.printable import printable
from sau.run.configured import config_words, configured, with_changes
from sau.storage.files import write_text
from sau.tools.cross_validate.pool import Pooled, pooled, predictions_of

log = logging.getLogger(__name__)


def cross_validate(*, config: list[str] | None = None, cores: str = "all") -> None:
    """Run every fold into a results folder of its own, and pool their test images.

    Each fold is a whole `sau run`, so what is there already is not made again.

    Args:
        config: what stands after `sau run --config`; its dataset.test_split is folds.
        cores: CPU cores to use, or all.

    Raises:
        UserError: what is wrong with the config, or a fold that did not end well.
    """
    named = config or []
    settings = configured(named)
    if settings.dataset.test_split != "folds":
        raise UserError(
            f"dataset.test_split: {settings.dataset.test_split}, but cross-validation is of folds; "
            "set it to folds, or use sau run"
        )
    folders = [fold_folder(settings, fold) for fold in range(settings.dataset.folds)]
    for fold, folder in enumerate(folders):
        log.info("fold %d of %d: %s", fold + 1, len(folders), folder)
        _run(named, fold, folder, cores)
    results = pool_all(settings, folders)
    file = Path(settings.experiment.results) / "cross-validation.csv"
    rows = pd.DataFrame([dataclasses.asdict(each) for each in results])
    write_text(file, rows.to_csv(index=False, float_format="%.2f"))
    for line in report(results):
        print(printable(line))
    print(printable(f"written: {file}"))


def fold_folder(config: Config, fold: int) -> Path:
    """Return the results folder of a fold."""
    return Path(config.experiment.results) / f"fold-{fold}"


def pool_all(config: Config, folders: Sequence[Path]) -> list[Pooled]:
    """Return the pooled result of each row at each imbalance factor."""
    grid = config.experiment
    seeds = list(product(grid.data_seeds, grid.seeds))
    return [
        pooled(
            row,
            config.training.labels[row],
            factor,
            [predictions_of(folder, row, factor, seeds) for folder in folders],
        )
        for factor in config.experiment.factor_names()
        for row in config.row_names()
    ]


def report(results: Sequence[Pooled]) -> list[str]:
    """Return a line for each result."""
    return [_line(each) for each in results]


def _line(each: Pooled) -> str:
    networks = "1 network" if each.seeds == 1 else f"{each.seeds} networks"
    return (
        f"{each.label}, {each.imbalance_factor}: top-1 {each.top1:.2f} % "
        f"({each.low:.2f} to {each.high:.2f}), balanced accuracy {each.balanced_accuracy:.2f} %, "
        f"{each.images} images, {networks} for each"
    )


def _run(named: Sequence[str], fold: int, folder: Path, cores: str) -> None:
    changes = [f"dataset={{fold: {fold}}}", f"experiment={{results: {str(folder)!r}}}"]
    words = [*config_words(with_changes([*named, *changes])), "--cores", cores]
    done = subprocess.run([sys.executable, "-m", "sau", "run", *words])
    if done.returncode:
        raise UserError(
            f"fold {fold}: sau run ended with exit code {done.returncode}, see above; run again "
            "and the folds that are done stay"
        )
