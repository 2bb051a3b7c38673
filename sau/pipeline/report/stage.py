"""The report stages: one page for the runs of an imbalance factor, one over all factors."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sau.core.errors import UserError
from sau.pipeline.report import all_factors, per_factor, sheet, statements
from sau.pipeline.report.beside_paper import beside_paper, paper_csv
from sau.pipeline.report.csv_text import runs_csv, summary_csv
from sau.pipeline.report.figure_csv import confusion_csv, curves_csv, noise_csv
from sau.pipeline.report.formats import factor
from sau.pipeline.report.grid import Grid
from sau.pipeline.report.html import to_html
from sau.pipeline.report.markdown import to_markdown
from sau.pipeline.report.origins import settings_of, versions_of
from sau.pipeline.report.page import Page
from sau.pipeline.report.runs import MeasuredRun, Run, read_expected, read_measured, read_runs
from sau.pipeline.report.settings import ReportSettings
from sau.pipeline.report.tables import run_rows, summary, with_missing
from sau.storage import manifest
from sau.storage.belonging import Agree, Link, Split, check_inputs
from sau.storage.files import write_bytes, write_text
from sau.storage.outputs import writes

BELONGING = (
    Split("train_images", "training"),
    Split("test_images", "test"),
    Split("synthetic_images", "synthetic"),
    Link("members", "train_images", "train_images"),
    Link("members", "real.train_images", "train_images"),
    Link("members", "kept", "kept"),
    Link("kept", "scores.images", "synthetic_images"),
    Link("kept", "test_scores.images", "test_images"),
    Link("predictions", "train_images", "train_images"),
    Link("predictions", "test_images", "test_images"),
    Agree(
        ("class_names",),
        ("train_images", "test_images", "synthetic_images", "kept", "members", "predictions"),
    ),
)
"""What the manifests of a report must be to each other; those of one run see `runs`."""

logger = logging.getLogger("sau.pipeline.report")


@writes("html", "markdown", "csv", "curves", "confusion", "noise", "figure")
def report(
    *,
    metrics: list[Path],
    predictions: list[Path],
    histories: list[Path],
    label_corrections: list[Path],
    members: list[Path],
    train_images: Path,
    test_images: Path,
    synthetic_images: list[Path],
    html: Path,
    markdown: Path,
    csv: Path,
    curves: Path,
    confusion: Path,
    noise: Path,
    figure: Path,
    kept: Path | None = None,
    settings: ReportSettings,
) -> None:
    """Report the runs of one imbalance factor: numbers, curves, confusion, noise and images.

    Args:
        metrics: manifests of metrics, one for each run; the order of methods in every table.
        predictions: manifests of predictions, of the same runs in the same order.
        histories: manifests of history, likewise.
        label_corrections: manifests of label correction, likewise.
        members: manifests of training-set members, real and synthetic, each once, in any order.
        train_images: manifest of the real training images.
        test_images: manifest of the test images.
        synthetic_images: shards of the synthetic images; none if there are none.
        html: page to write; it needs no network and no other file.
        markdown: the same statements and tables.
        csv: the table of results.
        curves: CSV of every quantity of the histories (see `figure_csv`).
        confusion: CSV of the confusion matrices.
        noise: CSV of what label correction called noise, by class and epoch.
        figure: PNG of each class's top-1 against its real images.
        kept: manifest of kept synthetic images; none if there are none.
        settings: title, note and size of the sheets.

    Raises:
        UserError: lists that do not go together, or a manifest that cannot be read.
    """
    runs = read_runs(metrics, predictions, histories, label_corrections, members)
    inputs: dict[str, Path | Sequence[Path]] = {"members": members, "predictions": predictions}
    inputs |= {"train_images": train_images, "test_images": test_images}
    inputs |= {"synthetic_images": synthetic_images, "kept": [kept] if kept else []}
    check_inputs(inputs, *BELONGING)
    names = per_factor.class_names_of(runs)
    table = summary(run_rows(runs))
    decided = _decided(kept)
    leak = manifest.read_facts(kept, "kept", "leak")["leak"] if kept else {}
    statuses = {
        "of_real": _read_statuses([train_images]),
        "of_test": _read_statuses([test_images]),
        "of_synthetic": _read_statuses(synthetic_images),
    }
    chosen = sheet.choose(runs[0].members, decided, len(names), settings.sheet_images)
    images = _read_images([train_images, *synthetic_images], chosen["id"].tolist())
    record = runs[0].record
    called = factor(record.imbalance_factor, record.requested_imbalance_factor)
    page = Page(
        settings.title,
        f"{record.dataset}, imbalance factor {called}",
        settings.note,
        per_factor.statements_of(runs, decided, leak, class_names=names, **statuses),
        per_factor.sections_of(runs, table, names),
        sheet.sheets(chosen, images, names),
        sheet.caption(len(names), synthetic=kept is not None),
        _listings(runs, kept, train_images, synthetic_images, settings),
        _beside(
            markdown,
            {
                "figure of accuracy by class size": figure,
                "table of results": csv,
                "training curves": curves,
                "confusion matrices": confusion,
                "noise found by label correction": noise,
            },
        ),
    )
    write_text(html, to_html(page))
    write_text(markdown, to_markdown(page))
    write_text(csv, summary_csv(table))
    write_text(curves, curves_csv(runs))
    write_text(confusion, confusion_csv(runs, names))
    write_text(noise, noise_csv(runs, names))
    write_bytes(figure, per_factor.per_class_png(runs))


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
    pairs = beside_paper(table, grid, settings.paper_figures()) if grid else []
    files = {"figure of accuracy by imbalance factor": figure, "table of all runs": csv}
    page = Page(
        settings.title,
        ", ".join(dict.fromkeys(table["dataset"])) + ", all imbalance factors",
        settings.note,
        all_factors.statements_of(runs, outdated, grid),
        all_factors.sections_of(runs, table, pairs, settings.paper_name()),
        files=_beside(markdown, files | ({"figures beside the paper's": paper} if pairs else {})),
        pages=_beside(html, {page.stem: page.with_suffix("") for page in pages or []}),
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


def _beside(page: Path, files: Mapping[str, Path]) -> list[tuple[str, str]]:
    """Return each file's words and its path from the page's folder."""
    return [
        (words, Path(os.path.relpath(path, page.parent)).as_posix())
        for words, path in files.items()
    ]


def _warn_of_equal_factors(rows: pd.DataFrame) -> None:
    equal = statements.equal_factors(rows)
    if equal:
        logger.warning(
            "requested imbalance factors with the same effective factor (%s); the tables "
            "distinguish them by what was requested, drop all but one to save their runs",
            "; ".join(equal),
        )


def _decided(kept: Path | None) -> pd.DataFrame:
    """Read what the filter decided; a table without rows where there are no synthetic images."""
    none = manifest.SCHEMAS["kept"].empty_table()
    decided: pd.DataFrame = (manifest.read(kept, "kept") if kept else none).to_pandas()
    return decided


def _read_statuses(paths: Sequence[Path]) -> pd.Series:
    """Read whether each image is ok or failed."""
    columns = [manifest.read(path, "images", columns=["status"])["status"] for path in paths]
    return pd.Series([status for column in columns for status in column.to_pylist()], dtype=str)


def _read_images(paths: Sequence[Path], ids: list[str]) -> dict[str, dict[str, Any]]:
    """Read the images of the given ids."""
    columns = ["id", "image", "prompt", "status", "reason"]
    return manifest.read_rows(paths, "images", ids, columns=columns)


def _listings(
    runs: Sequence[Run],
    kept: Path | None,
    train_images: Path,
    synthetic_images: Sequence[Path],
    settings: ReportSettings,
) -> list[tuple[str, str]]:
    paths = {"dataset": train_images} | ({"filter": kept} if kept else {})
    if synthetic_images:
        paths["images"] = synthetic_images[0]
    inputs = {stage: manifest.read_metadata(paths[stage])["provenance"] for stage in sorted(paths)}
    listings = settings_of(inputs, runs, settings.to_mapping())
    return [*listings, ("versions", versions_of(inputs, runs))]
