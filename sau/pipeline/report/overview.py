"""The overview stage: one page over all imbalance factors."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from sau.core.errors import UserError
from sau.pipeline.report import all_factors, statements
from sau.pipeline.report.answers import read_answers
from sau.pipeline.report.beside_paper import beside_paper, paper_csv
from sau.pipeline.report.csv_text import runs_csv
from sau.pipeline.report.differences import baseline_of
from sau.pipeline.report.grid import Grid
from sau.pipeline.report.html import to_html
from sau.pipeline.report.links import beside, gallery_link
from sau.pipeline.report.markdown import to_markdown
from sau.pipeline.report.page import Page
from sau.pipeline.report.runs import MeasuredRun, read_expected, read_measured
from sau.pipeline.report.settings import ReportSettings
from sau.pipeline.report.tables import run_rows, summary, with_missing
from sau.storage.files import write_bytes, write_text
from sau.storage.outputs import writes

logger = logging.getLogger("sau.pipeline.report")


@writes("html", "markdown", "csv", "paper", "figure")
def overview(
    *,
    metrics: list[Path],
    html: Path,
    markdown: Path,
    csv: Path,
    paper: Path,
    figure: Path,
    pages: list[Path] | None = None,
    predictions: list[Path] | None = None,
    gallery: list[Path] | None = None,
    expected: str = "",
    settings: ReportSettings,
) -> None:
    """Report all runs of all imbalance factors: one plot, one table, one row per run and split.

    Args:
        metrics: manifests of metrics, one for each run; the order of methods in every table,
            unless there is a grid.
        html: page to write; it needs no network and no other file.
        markdown: the same tables.
        csv: one row per run and split (see `csv_text.runs_csv`).
        paper: CSV of the paper's figures beside ours (see `beside_paper.paper_csv`).
        figure: PNG of top-1 against the imbalance factor.
        pages: HTML pages of single imbalance factors, which this one links; with Markdown of the
            same names beside them. They need not be there yet.
        predictions: manifests of the runs' predictions, in any order, so that rows are compared
            image by image; without them they are compared by seeds alone.
        gallery: page of all images, to link, if there is one; it need not be there yet.
        expected: the grid of all runs that there should be, as JSON (see `grid.Grid`); with it,
            metrics may be missing, all of them even, and those of other settings than the grid's
            are left out, and named. Empty: those that are given.
        settings: title, note, and the paper's table.

    Raises:
        UserError: a manifest that cannot be read, a run outside the grid, or a paper's table
            without a grid, whose rows name their counterparts.
    """
    if settings.paper_table is not None and not expected:
        raise UserError("--paper-table: rows name their counterparts in --expected; give both")
    runs, outdated, grid = _read(metrics, expected)
    rows = run_rows(runs)
    _warn_of_equal_factors(rows)
    table = with_missing(summary(rows), grid) if grid else summary(rows)
    keys = [row.run for row in grid.rows] if grid else [run.record.run for run in runs]
    baseline = baseline_of(keys, settings.baseline)
    answers = read_answers(runs, predictions or [])
    pairs = beside_paper(table, grid, settings.paper_figures()) if grid else []
    files = {"figure of accuracy by imbalance factor": figure, "table of all runs": csv}
    page = Page(
        settings.title,
        ", ".join(dict.fromkeys(table["dataset"])) + ", all imbalance factors",
        settings.note,
        all_factors.statements_of(runs, outdated, grid),
        all_factors.sections_of(runs, table, pairs, settings.paper_name(), baseline, answers),
        files=beside(markdown, files | ({"figures beside the paper's": paper} if pairs else {})),
        pages=beside(html, {page.stem: page.with_suffix("") for page in pages or []}),
        links=gallery_link(html, gallery),
    )
    write_text(html, to_html(page))
    write_text(markdown, to_markdown(page))
    write_text(csv, runs_csv(rows))
    write_text(paper, paper_csv(pairs))
    write_bytes(figure, all_factors.by_factor_png(table))


def _read(
    metrics: Sequence[Path], expected: str
) -> tuple[list[MeasuredRun], list[MeasuredRun], Grid | None]:
    """Read the runs of the tables, those that are left out, and the grid if there is one."""
    if not expected:
        return read_measured(metrics), [], None
    found = read_expected(metrics, Grid.from_json(expected))
    if found.outdated:
        logger.warning(
            "%d of %d runs were trained or measured with other settings than the configuration has "
            "now, and are left out; run the pipeline to bring them up to date",
            len(found.outdated),
            len(metrics),
        )
    return found.runs, found.outdated, found.grid


def _warn_of_equal_factors(rows: pd.DataFrame) -> None:
    equal = statements.equal_factors(rows)
    if equal:
        logger.warning(
            "requested imbalance factors with the same effective factor (%s); the tables "
            "distinguish them by what was requested, drop all but one to save their runs",
            "; ".join(equal),
        )
