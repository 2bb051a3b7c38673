"""The page over all imbalance factors: what all runs show, and which are missing."""

from collections.abc import Sequence

import pandas as pd

from sau.pipeline.report import (
    beside_paper,
    differences,
    figure_tables,
    result_tables,
    statements,
    text_tables,
)
from sau.pipeline.report.answers import Answers
from sau.pipeline.report.beside_paper import Pair
from sau.pipeline.report.by_factor import by_factor
from sau.pipeline.report.figures import Style, drawing_of, png_of, styles
from sau.pipeline.report.formats import MISSING
from sau.pipeline.report.grid import Grid
from sau.pipeline.report.page import Section
from sau.pipeline.report.per_factor import RESULTS_CAPTION, more_results
from sau.pipeline.report.runs import MeasuredRun
from sau.pipeline.report.tables import run_rows

FIGURE_DESCRIPTION = "top-1 of each method against the imbalance factor"

MISSING_CAPTION = f"A cell without a run reads {MISSING}, 1 of 3 is a mean over one run of three."


def statements_of(
    runs: Sequence[MeasuredRun], outdated: Sequence[MeasuredRun], grid: Grid | None
) -> list[statements.Statement]:
    """Return what the reader must know before the tables.

    Args:
        runs: those of the tables.
        outdated: those that are there and left out.
        grid: that of the runs that there should be, if it is known.
    """
    found = [
        statements.runs_there(len(runs), grid.size()) if grid else None,
        statements.outdated(outdated),
        statements.mixed_sets(runs),
        statements.bounds(runs[0]) if runs else None,
    ]
    return [statement for statement in found if statement]


def sections_of(
    runs: Sequence[MeasuredRun],
    table: pd.DataFrame,
    pairs: Sequence[Pair],
    paper_name: str,
    baseline: str,
    answers: Answers,
) -> list[Section]:
    """Return the sections of the page, in their order.

    Args:
        runs: all of them.
        table: what `tables.summary` returns for them, or `tables.with_missing`.
        baseline: key of the row that the others are compared with.
        answers: of all runs, or of none.
        pairs: what `beside_paper.beside_paper` returns; of none there is no section.
        paper_name: what the paper's table is called.
    """
    several = table["requested_imbalance_factor"].nunique() > 1
    missing = (table["seeds"] < table.get("expected", table["seeds"])).any()
    caption = f"{RESULTS_CAPTION} {MISSING_CAPTION}" if missing else RESULTS_CAPTION
    lines = differences.with_differences(
        table, differences.differences(runs, baseline, answers) if runs else {}
    )
    label = next(iter(table.loc[table["run"] == baseline, "label"]), "the baseline")
    rows = run_rows(runs)
    sections = [
        Section(
            "Results",
            f"{caption} {differences.caption(label, runs, answers)}",
            result_tables.results(table, baseline, lines, with_factor=several),
            drawing_of(
                lambda width: by_factor(_there(table), _look(table), width), FIGURE_DESCRIPTION
            ),
            more=more_results(table, with_factor=several),
        ),
    ]
    if runs:
        others = figure_tables.figures(rows, "all", with_factor=several)
        sections.append(Section("Figures beside top-1", figure_tables.CAPTION, others))
    if pairs:
        words = beside_paper.CAPTION.format(name=paper_name)
        sections.append(Section("Beside the paper", words, beside_paper.text_table(pairs)))
    sets = text_tables.training_sets(runs)
    words = (
        "Content hash and size of each run's training set. The hash is that of the list of real "
        "images; with synthetic ones it is the SHA-256 of the two lists' hashes, real ones first."
    )
    return [*sections, Section("Training sets", words, sets, folded=True)] if runs else sections


def by_factor_png(table: pd.DataFrame) -> bytes:
    """Return the figure of accuracy against the imbalance factor as a PNG.

    Args:
        table: what `tables.summary` or `tables.with_missing` returns.
    """
    return png_of(lambda: by_factor(_there(table), _look(table)))


def _there(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["seeds"] > 0]


def _look(table: pd.DataFrame) -> dict[str, Style]:
    return styles(table["label"].tolist())
