"""The command `sau quality`."""

import logging
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sau.core.errors import UserError
from sau.metrics.generated.manifolds import NEIGHBOURS
from sau.pipeline.report.csv_text import csv_of
from sau.pipeline.report.html import to_html
from sau.pipeline.report.markdown import to_markdown
from sau.settings.names import did_you_mean
from sau.storage import manifest
from sau.storage.belonging import Agree, Link, Split, check_inputs
from sau.storage.files import write_text
from sau.storage.manifest.schemas import STATUS_OK
from sau.tools.kept_images import Found, find_kept
from sau.tools.quality.faults import Fault, faults_of
from sau.tools.quality.features import (
    CLIP,
    NETWORKS,
    Features,
    clip_features,
    efficientnet_features,
    score_real,
    unit_features,
)
from sau.tools.quality.figures import Measured, figures_of, some_of_all
from sau.tools.quality.gains import correlations, read_gains
from sau.tools.quality.page import frame_of, frame_of_faults, page_of
from sau.tools.quality.pixels import sum_pixels
from sau.tools.quality.samples import Sample, choose

log = logging.getLogger(__name__)

TABLE, PAGE, TEXT, REAL_SCORES = "quality.csv", "quality.html", "quality.md", "real-scores.parquet"
FAULTS = "faults.csv"

BELONGING = (
    Split("train_images", "training"),
    Agree(("class_names",), ("train_images", "kept")),
    Link("kept", "test_scores.images.train_images", "train_images"),
    Split("test_images", "test"),
    Agree(("class_names",), ("train_images", "test_images")),
)
"""What the real images and the kept ones must be to each other."""


def quality(
    results: Path,
    /,
    *,
    output: Path,
    network: str = CLIP,
    neighbours: int = NEIGHBOURS,
    most: int = 500,
    row: str = "",
    baseline: str = "",
    imbalance_factor: str = "",
    seed: int = 0,
    faults: bool = False,
) -> None:
    """Measure how far the kept images of each class are from its real training images.

    No test image is read, but to look for copies of them (`faults`).

    Args:
        results: results folder of a run with synthetic images.
        output: folder to write quality.csv, quality.html and quality.md into, and faults.csv with
            each fault of each image.
        network: whose features are compared: clip, by the run's own scores, or
            efficientnet-lite0, with ImageNet weights.
        neighbours: k of precision, recall, density and coverage.
        most: images of a class of either sort; of more, so many are drawn.
        row: label of a row that trained on the images; its gain over the baseline is set beside
            the figures. Empty: no gains.
        baseline: label of the row that it is compared with.
        imbalance_factor: of these rows; empty: the largest that both have.
        seed: of the images that are drawn.
        faults: look at all real training images for those that are dark, blurred, nearly empty,
            there twice or among the test images.

    Raises:
        UserError: no kept images in the results, real images of another run, no such network or
            row, a model that is missing, or no cleanvision to look for faults.
    """
    _check(network, neighbours, most, row, baseline, imbalance_factor)
    found = find_kept(results)
    train_images = results / "dataset" / "train.parquet"
    test_images = results / "dataset" / "test.parquet"
    inputs = {"train_images": train_images, "kept": found.kept}
    check_inputs(inputs | ({"test_images": test_images} if faults else {}), *BELONGING)
    names = found.class_names
    gains = read_gains(results, row, baseline, imbalance_factor, len(names)) if row else None
    samples = _chosen(found, train_images, most, seed)
    found_faults = _faults(train_images, test_images) if faults else []
    size = samples[0].size()
    features = _features(network, found, output, *samples, size)

    def measured(sample: Sample, own: Features) -> Measured:
        of_all = some_of_all(len(sample.ids), seed)
        pixels = sum_pixels(sample, size, len(names), of_all)
        return Measured(sample.labels, own, pixels, of_all)

    real, generated = map(measured, samples, features)
    figures = figures_of(real, generated, names, neighbours)
    along = correlations(figures[:-1], gains, seed) if gains is not None else {}
    facts = [
        ("Network", f"{network}; features of one length"),
        ("Neighbours", str(neighbours)),
        ("Images", f"at most {most} of a class of either sort, {size[1]} x {size[0]} pixels"),
        ("Resized", f"{real.pixels.resized} real and {generated.pixels.resized} generated images"),
        ("Gains", f"at imbalance factor {gains.factor}" if gains else "none asked for (--row)"),
    ]
    page = page_of(figures, gains, along, found_faults, facts=facts, rows=(row, baseline))
    write_text(output / TABLE, csv_of(frame_of(figures, gains)))
    if faults:
        write_text(output / FAULTS, csv_of(frame_of_faults(found_faults)))
    write_text(output / TEXT, to_markdown(page))
    write_text(output / PAGE, to_html(page))
    log.info("%s: %d real and %d generated images", output, len(real.labels), len(generated.labels))


def _check(
    network: str, neighbours: int, most: int, row: str, baseline: str, imbalance_factor: str
) -> None:
    if network not in NETWORKS:
        hint = did_you_mean(network, NETWORKS) or f"expected {' or '.join(NETWORKS)}"
        raise UserError(f"--network: {network!r}; {hint}")
    if neighbours < 1 or most < 1:
        raise UserError("--neighbours and --most: expected at least 1")
    if bool(row) != bool(baseline):
        raise UserError("--row and --baseline: one is given alone; a gain is that of both")
    if imbalance_factor and not row:
        raise UserError(
            "--imbalance-factor: without --row there are no gains; leave it out, or name a row"
        )


def _chosen(found: Found, train_images: Path, most: int, seed: int) -> tuple[Sample, Sample]:
    """Return the real and the kept images that are compared."""
    real = _readable(train_images)
    kept = manifest.read(found.kept, "kept", columns=["id", "label", "kept"])
    kept = kept.filter(kept["kept"])
    if not kept.num_rows:
        raise UserError(f"{found.kept}: no image was kept, so there is nothing to measure")
    return (
        choose(real, [train_images], most, "real", seed),
        choose(kept, found.images, most, "generated", seed),
    )


def _readable(path: Path) -> pa.Table:
    """Return ids and labels of a manifest's images that have pixels."""
    rows = manifest.read(path, "images", columns=["id", "label", "status"])
    return rows.filter(pc.equal(rows["status"], STATUS_OK))


def _all_of(path: Path) -> Sample:
    """Return all images of a manifest."""
    rows = _readable(path)
    return Sample(rows["id"].to_pylist(), rows["label"].to_numpy().astype(np.int64), [path])


def _faults(train_images: Path, test_images: Path) -> list[Fault]:
    """Return what is wrong with the training images, and say how many are looked at."""
    train, test = _all_of(train_images), _all_of(test_images)
    log.info("looking at %d training and %d test images", len(train.ids), len(test.ids))
    return faults_of(train, test)


def _features(
    network: str,
    found: Found,
    output: Path,
    real: Sample,
    generated: Sample,
    size: tuple[int, int],
) -> tuple[Features, Features]:
    if network == CLIP:
        scored = score_real(real.paths[0], found.scores[0], output / REAL_SCORES)
        pair = clip_features([scored], real.ids), clip_features(found.scores, generated.ids)
    else:
        pair = efficientnet_features(real, size), efficientnet_features(generated, size)
    return unit_features(pair[0]), unit_features(pair[1])
