"""The report stages: one page for the runs of an imbalance factor, one over all factors."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sau.pipeline.report import (
    leak_pairs,
    misclassified,
    per_factor,
    sheet,
)
from sau.pipeline.report.csv_text import summary_csv
from sau.pipeline.report.differences import baseline_of
from sau.pipeline.report.figure_csv import confusion_csv, curves_csv, noise_csv
from sau.pipeline.report.formats import factor
from sau.pipeline.report.html import to_html
from sau.pipeline.report.links import beside, files_of_runs, gallery_link
from sau.pipeline.report.markdown import to_markdown
from sau.pipeline.report.origins import hashes_of, settings_of, versions_of
from sau.pipeline.report.overview import overview as overview
from sau.pipeline.report.page import Page
from sau.pipeline.report.runs import Run, read_runs
from sau.pipeline.report.settings import ReportSettings
from sau.pipeline.report.tables import run_rows, summary
from sau.pipeline.report.tiles import Sheet
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
    gallery: list[Path] | None = None,
    models: list[Path] | None = None,
    logs: list[Path] | None = None,
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
        gallery: page of all images, to link, if there is one; it need not be there yet.
        models: folder of each run's network, in the order of metrics, to link.
        logs: log of each run's training, likewise.
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
    baseline = baseline_of([run.record.run for run in runs], settings.baseline)
    decided = _decided(kept)
    leak = manifest.read_facts(kept, "kept", "leak")["leak"] if kept else {}
    statuses = {
        "of_real": _read_statuses([train_images]),
        "of_test": _read_statuses([test_images]),
        "of_synthetic": _read_statuses(synthetic_images),
    }
    record = runs[0].record
    called = factor(record.imbalance_factor, record.requested_imbalance_factor)
    page = Page(
        settings.title,
        f"{record.dataset}, imbalance factor {called}",
        settings.note,
        per_factor.statements_of(runs, decided, leak, class_names=names, **statuses),
        per_factor.sections_of(runs, table, names, baseline, files_of_runs(html, models, logs)),
        _sheets(
            runs, decided, leak, names, settings, [train_images, *synthetic_images], test_images
        ),
        _listings(runs, kept, train_images, synthetic_images, settings),
        beside(
            markdown,
            {
                "figure of accuracy by class size": figure,
                "table of results": csv,
                "training curves": curves,
                "confusion matrices": confusion,
                "noise found by label correction": noise,
            },
        ),
        links=gallery_link(html, gallery),
    )
    write_text(html, to_html(page))
    write_text(markdown, to_markdown(page))
    write_text(csv, summary_csv(table))
    write_text(curves, curves_csv(runs))
    write_text(confusion, confusion_csv(runs, names))
    write_text(noise, noise_csv(runs, names))
    write_bytes(figure, per_factor.per_class_png(runs))


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


def _sheets(
    runs: Sequence[Run],
    decided: pd.DataFrame,
    leak: Mapping[str, Any],
    names: Sequence[str],
    settings: ReportSettings,
    of_training: Sequence[Path],
    of_test: Path,
) -> list[Sheet]:
    """Return the sections of images: errors first, then real and synthetic ones, then leaks."""
    count = settings.sheet_images
    chosen = sheet.choose(runs[0].members, decided, len(names), count)
    best = misclassified.best_row(runs)
    wrong = misclassified.misclassified(best)
    pairs = leak_pairs.pairs_of(leak, count)
    of_both = [str(pair["synthetic"]) for _, pair in pairs]
    images = _read_images(of_training, [*chosen["id"], *of_both])
    tested = misclassified.shown(wrong, count)["id"].tolist()
    tests = _read_images([of_test], [*tested, *(str(pair["test"]) for _, pair in pairs)])
    made = [
        misclassified.sheet(wrong, count, best[0].record.label, tests, names),
        sheet.sheets(chosen, images, names),
        leak_pairs.sheet(pairs, {**tests, **images}),
    ]
    return [each for each in made if each is not None]


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
    return [*listings, ("versions", versions_of(inputs, runs)), ("hashes", hashes_of(runs))]
