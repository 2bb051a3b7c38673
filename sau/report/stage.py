"""The report stages: one page for the runs of an imbalance factor, one over all factors."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sau import manifest
from sau.files import write_bytes, write_text
from sau.report import per_factor, sheet, statements, text_tables
from sau.report.by_factor import by_factor
from sau.report.csv_text import runs_csv, summary_csv
from sau.report.figure_csv import confusion_csv, curves_csv, noise_csv
from sau.report.figures import png_of, styles, svg_of
from sau.report.formats import factor
from sau.report.html import to_html
from sau.report.markdown import to_markdown
from sau.report.origins import settings_of, versions_of
from sau.report.page import Page, Section
from sau.report.runs import Run, read_measured, read_runs
from sau.report.settings import ReportSettings
from sau.report.tables import run_rows, summary

logger = logging.getLogger("sau.report")


def report(
    metrics: list[Path],
    predictions: list[Path],
    histories: list[Path],
    label_corrections: list[Path],
    members: list[Path],
    kept: Path,
    train_images: Path,
    synthetic_images: list[Path],
    html: Path,
    markdown: Path,
    csv: Path,
    curves: Path,
    confusion: Path,
    noise: Path,
    figure: Path,
    *,
    settings: ReportSettings,
) -> None:
    """Report the runs of one imbalance factor: numbers, curves, confusion, noise and images.

    Args:
        metrics: manifests of metrics, one for each run; the order of methods in every table.
        predictions: manifests of predictions, of the same runs in the same order.
        histories: manifests of history, likewise.
        label_corrections: manifests of label correction, likewise.
        members: manifests of training-set members, each once, in any order.
        kept: manifest of kept synthetic images.
        train_images: manifest of the real training images.
        synthetic_images: shards of the synthetic images.
        html: page to write; it needs no network and no other file.
        markdown: the same statements and tables.
        csv: the table of results.
        curves: CSV of every quantity of the histories (see `figure_csv`).
        confusion: CSV of the confusion matrices.
        noise: CSV of what label correction called noise, by class and epoch.
        figure: PNG of each class's top-1 against its real images.
        settings: title, note and size of the sheets.

    Raises:
        UserError: lists that do not go together, or a manifest that cannot be read.
    """
    runs = read_runs(metrics, predictions, histories, label_corrections, members)
    names = per_factor.class_names_of(runs)
    table = summary(run_rows(runs))
    decided = manifest.read(kept, "kept").to_pandas()
    statuses = _read_statuses(synthetic_images)
    chosen = sheet.choose(runs[0].members, decided, len(names), settings.sheet_images)
    images = _read_images([train_images, *synthetic_images], chosen["id"].tolist())
    facts = runs[0].facts
    called = factor(facts["imbalance_factor"], facts["requested_imbalance_factor"])
    page = Page(
        settings.title,
        f"{facts['dataset']}, imbalance factor {called}",
        settings.note,
        per_factor.statements_of(runs, decided, statuses, names),
        per_factor.sections_of(runs, table, names),
        sheet.sheets(chosen, images, names),
        sheet.caption(len(names)),
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


def overview(
    metrics: list[Path],
    html: Path,
    markdown: Path,
    csv: Path,
    figure: Path,
    *,
    settings: ReportSettings,
) -> None:
    """Report all runs of all imbalance factors: one plot, one table, one row per run and split.

    Args:
        metrics: manifests of metrics, one for each run; the order of methods in every table.
        html: page to write; it needs no network and no other file.
        markdown: the same tables.
        csv: one row per run and split (see `csv_text.runs_csv`).
        figure: PNG of top-1 against the imbalance factor.
        settings: title and note.

    Raises:
        UserError: a manifest that cannot be read.
    """
    runs = read_measured(metrics)
    rows = run_rows(runs)
    _warn_of_equal_factors(rows)
    table = summary(rows)
    style = styles([run.facts["label"] for run in runs])
    description = "top-1 of each method against the imbalance factor"
    svg = svg_of(lambda: by_factor(table, style), description)
    caption = per_factor.RESULTS_CAPTION
    page = Page(
        settings.title,
        ", ".join(dict.fromkeys(rows["dataset"])) + ", all imbalance factors",
        settings.note,
        [statements.bounds(runs[0])],
        [
            Section("Accuracy by imbalance factor", caption, text_tables.by_factor(table), svg),
            Section("Results", caption, text_tables.results(table, with_factor=True)),
        ],
        files=_beside(
            markdown, {"figure of accuracy by imbalance factor": figure, "table of all runs": csv}
        ),
    )
    write_text(html, to_html(page))
    write_text(markdown, to_markdown(page))
    write_text(csv, runs_csv(rows))
    write_bytes(figure, png_of(lambda: by_factor(table, style)))


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
            "requested imbalance factors with the same effective factor (%s); the tables keep them "
            "apart by what was requested, drop all but one to save their runs",
            "; ".join(equal),
        )


def _read_statuses(paths: Sequence[Path]) -> pd.Series:
    """Read whether each synthetic image is ok or failed."""
    columns = [manifest.read(path, "images", columns=["status"])["status"] for path in paths]
    return pd.Series([status for column in columns for status in column.to_pylist()], dtype=str)


def _read_images(paths: Sequence[Path], ids: list[str]) -> dict[str, dict[str, Any]]:
    """Read the images of the given ids, one shard in memory at a time."""
    columns = ["id", "image", "prompt", "status", "reason"]
    wanted = pa.array(ids, pa.string())
    found: dict[str, dict[str, Any]] = {}
    for path in paths:
        table = manifest.read(path, "images", columns=columns)
        rows = table.filter(pc.is_in(table["id"], value_set=wanted)).to_pylist()
        found |= {row["id"]: row for row in rows}
    return found


def _listings(
    runs: Sequence[Run],
    kept: Path,
    train_images: Path,
    synthetic_images: Sequence[Path],
    settings: ReportSettings,
) -> list[tuple[str, str]]:
    paths = {"dataset": train_images, "filter": kept}
    if synthetic_images:
        paths["images"] = synthetic_images[0]
    inputs = {stage: manifest.read_metadata(paths[stage])["provenance"] for stage in sorted(paths)}
    listings = settings_of(inputs, runs, settings.to_mapping())
    return [*listings, ("versions", versions_of(inputs, runs))]
