"""The page of one imbalance factor: what its runs show."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from sau.core.errors import UserError
from sau.pipeline.report import (
    cautions,
    differences,
    figure_tables,
    result_tables,
    statements,
    text_tables,
)
from sau.pipeline.report.answers import answers_of
from sau.pipeline.report.confusion import confusion, confusion_matrices
from sau.pipeline.report.confusion_counts import block_size
from sau.pipeline.report.curves import curve_table, curves
from sau.pipeline.report.figures import drawing_of, png_of, styles
from sau.pipeline.report.noise import is_judged, noise, noise_counts, noise_maps
from sau.pipeline.report.page import Section
from sau.pipeline.report.per_class import DESCRIPTION, per_class
from sau.pipeline.report.runs import Run
from sau.pipeline.report.tables import SELECTIONS, SPLITS, class_counts, class_summary, run_rows
from sau.storage.manifest.schemas import BEST_ON_TEST

RESULTS_CAPTION = (
    "Top-1 accuracy on the test set in percent: mean ± standard deviation over seeds. Data: the "
    "long-tailed real images alone, or those balanced with synthetic ones in at least one phase of "
    "training."
)
"""What every table of results needs said."""

FOLD_ABOVE = 20
"""A table of more classes than this is folded."""


def class_names_of(runs: Sequence[Run]) -> list[str]:
    """Return the class names, or the labels as text; refuse runs that do not belong together.

    Raises:
        UserError: runs of different data sets or imbalance factors.
    """
    for fact in ("dataset", "class_names", "requested_imbalance_factor"):
        first, *others = (getattr(run.record, fact) for run in runs)
        if any(other != first for other in others):
            words = fact.replace("_", " ")
            raise UserError(f"--metrics: runs that differ in their {words}; a report is of one")
    names = list(runs[0].record.class_names)
    classes = int((runs[0].metrics["split"] == "class").sum())
    return names or [str(label) for label in range(classes)]


def sections_of(
    runs: Sequence[Run],
    table: pd.DataFrame,
    class_names: Sequence[str],
    baseline: str,
    files: Sequence[Mapping[str, str]] = (),
) -> list[Section]:
    """Return results, figures, classes and runs, in the order of the page.

    Args:
        runs: of one imbalance factor.
        table: what `tables.summary` returns for them.
        class_names: in label order.
        baseline: key of the row that the others are compared with.
        files: what each run left behind, as `text_tables.runs` links it.
    """
    accuracy = class_summary(runs)
    counts = class_counts(runs, len(class_names))
    splits = text_tables.shots_of(runs[0])
    sections = [
        _results(runs, table, baseline),
        _other_figures(runs),
        *_figures(runs, accuracy, class_names),
        Section(
            "Classes",
            "Training images (methods trained on real data saw the real ones alone) and top-1 of "
            "each class at the last epoch.",
            text_tables.classes(counts, accuracy, splits, class_names),
            folded=len(class_names) > FOLD_ABOVE,
        ),
        Section("Runs", "Every run by itself.", text_tables.runs(runs, files), folded=True),
    ]
    return [section for section in sections if section.table is not None or section.figure]


def _results(runs: Sequence[Run], table: pd.DataFrame, baseline: str) -> Section:
    answers = {run.predictions_sha256: answers_of(run.predictions) for run in runs}
    found = differences.differences(runs, baseline, answers)
    lines = differences.with_differences(table, found)
    label = next(run.record.label for run in runs if run.record.run == baseline)
    return Section(
        "Results",
        f"{RESULTS_CAPTION} {differences.caption(label, runs, answers)}",
        result_tables.results(table, baseline, lines),
        more=more_results(table),
    )


def more_results(
    table: pd.DataFrame, *, with_factor: bool = False
) -> list[tuple[str, text_tables.TextTable]]:
    """Return what stands folded under the results, with its words.

    Args:
        table: what `tables.summary` or `tables.with_missing` returns.
        with_factor: put the imbalance factor before each row.
    """
    best = result_tables.best_on_test(table, with_factor=with_factor)
    return [
        (f"Top-1, {SELECTIONS[BEST_ON_TEST]}", best),
        ("Networks: sizes and epochs", result_tables.networks(table)),
    ]


def _other_figures(runs: Sequence[Run]) -> Section:
    rows = run_rows(runs)
    return Section(
        "Figures beside top-1",
        figure_tables.CAPTION,
        figure_tables.figures(rows, "all"),
        more=[
            (f"Of the {split}-shot classes", figure_tables.figures(rows, split))
            for split in SPLITS
            if split != "all"
        ],
    )


def _figures(
    runs: Sequence[Run], accuracy: pd.DataFrame, class_names: Sequence[str]
) -> list[Section]:
    look = styles([run.record.label for run in runs])
    matrices = confusion_matrices(runs, len(class_names))
    found = noise_counts(runs)
    return [
        Section(
            "Accuracy by class size",
            "Top-1 of each class at the last epoch against its real training images: mean over "
            "seeds, bars of one standard deviation.",
            figure=drawing_of(
                lambda width: per_class(accuracy, look, width, **runs[0].bounds), DESCRIPTION
            ),
        ),
        Section(
            "Training curves",
            "Mean over seeds in a band of one standard deviation. The methods' losses are sums of "
            "different terms: compare each with itself.",
            figure=curves(curve_table(runs), look),
        ),
        Section(
            "Confusion",
            "Predictions at the last epoch in percent of the true class, summed over seeds."
            + _blocks_caption(len(class_names)),
            figure=confusion(matrices, class_names),
        ),
        Section(
            "Noise found by label correction",
            "Synthetic samples of a class whose nearest real neighbours voted for another class. "
            "The heat map of the HTML page shows shares by epoch, over all seeds (grey: the class "
            "has no synthetic samples, or labels are not corrected then). The table shows counts "
            "of the last epoch in which labels are corrected, mean per seed; "
            "the CSV file of noise those of every epoch, summed over seeds."
            + (text_tables.JUDGED if is_judged(found) else ""),
            text_tables.noise(found, class_names),
            noise(noise_maps(found, len(class_names)), class_names),
            folded=len(class_names) > FOLD_ABOVE,
        ),
    ]


def _blocks_caption(classes: int) -> str:
    """Say of how many classes a cell of the confusion is, where that is more than one."""
    block = block_size(classes)
    return f" A cell is {block} neighbouring classes." if block > 1 else ""


def per_class_png(runs: Sequence[Run]) -> bytes:
    """Return the figure of accuracy against class size as a PNG."""
    look = styles([run.record.label for run in runs])
    return png_of(lambda: per_class(class_summary(runs), look, **runs[0].bounds))


def statements_of(
    runs: Sequence[Run],
    kept: pd.DataFrame,
    leak: Mapping[str, Any],
    of_real: pd.Series,
    of_test: pd.Series,
    of_synthetic: pd.Series,
    class_names: Sequence[str],
) -> list[statements.Statement]:
    """Return what the reader must know of the data, in the order of the page.

    Args:
        runs: of one imbalance factor.
        kept: columns score and kept, of all synthetic images.
        leak: what the filter says of the leak check.
        of_real: status of each real training image, ok or failed.
        of_test: status of each test image.
        of_synthetic: status of each synthetic image.
        class_names: in label order.
    """
    counts = class_counts(runs, len(class_names))
    found = [
        statements.imbalance(runs[0]),
        *statements.training_sets(counts),
        statements.unreadable_images(
            "Real training images", of_real, "train", "no run trains on them"
        ),
        statements.unreadable_images("Test images", of_test, "test", "no run is tested on them"),
        statements.validation(runs[0]),
        statements.bounds(runs[0]),
        *statements.synthetic_images(kept, of_synthetic),
        None if of_synthetic.empty else statements.leak_check(leak),
        statements.shortage(counts, class_names),
        cautions.unequal_steps(runs),
        cautions.mostly_noise(noise_counts(runs), class_names),
        statements.missing_figures(runs),
    ]
    return [statement for statement in found if statement is not None]
