"""The memory that a report's confusion takes: by the pairs that occur, and as dense matrices.

python -m benchmarks.report_memory --classes 10000 --rows 10

Each way runs in a process of its own. Dense matrices, as they were, need 8 bytes for each pair of
classes, three times over: of ten rows of ten thousand classes more than most machines have. So
they are made of `--dense-rows` rows.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from benchmarks.peak import peak_of_process
from sau.metrics import confusion_matrix
from sau.pipeline.report.confusion import confusion, confusion_matrices
from sau.pipeline.report.figure_csv import confusion_csv
from sau.pipeline.report.runs import Run
from sau.pipeline.run_record import RunRecord

IMAGES_OF_A_CLASS = 5


def made_run(row: int, classes: int) -> Run:
    """Return a run with predictions of which half are right; all else is empty."""
    generator = np.random.default_rng(row)
    true = np.repeat(np.arange(classes), IMAGES_OF_A_CLASS)
    guessed = generator.integers(0, classes, len(true))
    predicted = np.where(generator.random(len(true)) < 0.5, true, guessed)
    record = RunRecord(
        run=f"row-{row}",
        label=f"row {row}",
        method="cross_entropy",
        data="real",
        seed=0,
        backbone="resnet8",
        width=16,
        parameters=1,
        parameters_trained=1,
        epochs=1,
    )
    columns = {"selection": "last", "epoch": 1, "label": true, "predicted": predicted}
    none = pd.DataFrame()
    return Run(record, {}, none, "", [], pd.DataFrame(columns), none, none, none, [], {})


def by_pairs(runs: Sequence[Run], names: Sequence[str]) -> None:
    """Make the figure and the CSV file as the report does."""
    confusion(confusion_matrices(runs, len(names)), names)
    confusion_csv(runs, names)


def as_dense(runs: Sequence[Run], names: Sequence[str]) -> None:
    """Hold a matrix of all pairs for each row, as the report once did; nothing is drawn."""
    columns = [(run.predictions["label"], run.predictions["predicted"]) for run in runs]
    counts = [confusion_matrix(t.to_numpy(), p.to_numpy(), len(names)) for t, p in columns]
    shares = [matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1) for matrix in counts]
    assert len(shares) == len(runs)


WAYS: dict[str, Callable[[Sequence[Run], Sequence[str]], None]] = {
    "pairs": by_pairs,
    "dense": as_dense,
}


def main(words: Sequence[str] | None = None) -> None:
    """Print the peak memory of both ways, or of one in this process."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.report_memory",
        description=(__doc__ or "").split("\n\n")[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--classes", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=10, help="of the table")
    parser.add_argument("--dense-rows", type=int, default=1, help="of dense matrices")
    parser.add_argument("--way", choices=WAYS, help="one of both, in this process")
    asked = parser.parse_args(words)
    if asked.way:
        names = [f"class {label}" for label in range(asked.classes)]
        runs = [made_run(row, asked.classes) for row in range(asked.rows)]
        before = peak_of_process()
        WAYS[asked.way](runs, names)
        peak = peak_of_process()
        print(f"{asked.way}, {asked.rows} rows of {asked.classes:,} classes: ", end="")
        print(f"{peak / 1e9:.2f} GB at most, {before / 1e9:.2f} GB of them before")
        return
    for way, rows in (("pairs", asked.rows), ("dense", asked.dense_rows)):
        command = [sys.executable, "-m", "benchmarks.report_memory", "--way", way]
        command += ["--classes", str(asked.classes), "--rows", str(rows)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
