"""The gallery stage."""

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.compute as pc

from sau.core.errors import UserError
from sau.pipeline.gallery.choose import KINDS, choose
from sau.pipeline.gallery.class_order import smallest_first
from sau.pipeline.gallery.decided import (
    INFLUENCE,
    MEASURES,
    REJECTED_BY,
    SCORE_COLUMNS,
    real_images,
    synthetic_images,
)
from sau.pipeline.gallery.histogram import histograms
from sau.pipeline.gallery.page import to_html
from sau.pipeline.gallery.records import records_of
from sau.pipeline.gallery.settings import GallerySettings
from sau.storage import manifest
from sau.storage.belonging import Agree, Link, Split, check_inputs
from sau.storage.files import write_text
from sau.storage.outputs import writes

BELONGING = (
    Split("dataset", "training"),
    Split("images", "synthetic"),
    Split("scores", "synthetic"),
    Link("filter", "scores", "scores"),
    Link("filter", "scores.images", "images"),
    Link("influence", "images", "images"),
    Link("members", "train_images", "dataset"),
    Agree(("class_names",), ("dataset", "filter", "scores", "images", "members")),
)

logger = logging.getLogger(__name__)


@writes("html")
def gallery(
    train_images: Path,
    images: list[Path],
    scores: list[Path],
    html: Path,
    *,
    kept: Path | None = None,
    members: Path | None = None,
    influence: Path | None = None,
    settings: GallerySettings,
) -> None:
    """Show real, kept and rejected images of each class on one page, the smallest class first.

    Args:
        train_images: manifest of the real training images.
        images: the shards of the synthetic images; none if there are none.
        scores: the shards of the scores; none: the page has no figures but the kept images' score.
        html: page to write; it needs no network and no other file.
        kept: manifest of kept: what the filter decided of each synthetic image. Without it the
            page is of the real images alone.
        members: manifest of members; of the real images only these are shown, such as those of a
            long tail. Without it all of them.
        influence: manifest of influence: which synthetic images lower the validation loss.
        settings: the section `gallery`.

    Raises:
        UserError: tables that do not go together, or a manifest that cannot be read.
    """
    made: dict[str, Path | Sequence[Path]] = {"dataset": train_images, "images": images}
    made |= {"scores": scores, "filter": [kept] if kept else []}
    made |= {"influence": [influence] if influence else []}
    check_inputs(made | {"members": [members] if members else []}, *BELONGING)
    facts = manifest.read_facts(train_images, "images", "class_names", "dataset")
    names: list[str] = facts["class_names"]
    everything = real = _read_real(train_images, members, names)
    measured = {}
    if kept:
        synthetic = synthetic_images(_read_kept(kept, names), _read_scores(scores))
        if influence:
            told = manifest.read(influence, "influence", columns=["id", INFLUENCE]).to_pandas()
            synthetic = synthetic.merge(told, on="id", how="left")
        measured = _histograms(synthetic, len(names))
        everything = pd.concat([real, synthetic], ignore_index=True)
    _refuse_shared_ids(everything["id"])
    chosen = choose(everything, per_class=settings.images_per_class, in_all=settings.images_in_all)
    totals = _totals(everything, len(names))
    chosen = smallest_first(chosen, [of_class[0] for of_class in totals])
    found = _read_images([train_images, *images], chosen["id"].tolist())
    records, pictures = records_of(chosen, found, settings.thumbnail_side)
    data = {
        "dataset": facts["dataset"],
        "classes": names,
        "images": records,
        "kinds": KINDS if kept else KINDS[:1],
        "totals": totals,
        "side": settings.thumbnail_side,
        "rules": REJECTED_BY,
        "measures": MEASURES,
        "histograms": measured,
    }
    write_text(html, to_html(settings.title, data, pictures, _listings(made)))
    logger.info("%d of %d images on the page", len(records), len(everything))


def _read_real(train_images: Path, members: Path | None, names: Sequence[str]) -> pd.DataFrame:
    rows = manifest.read(train_images, "images", columns=["id", "label"])
    manifest.check_labels(train_images, rows["label"], names)
    if members is None:
        return real_images(rows.to_pandas(), None)
    table = manifest.read(members, "members", columns=["id", "is_synthetic"])
    listed = table.filter(pc.invert(table["is_synthetic"]))
    return real_images(rows.to_pandas(), listed["id"].to_pylist())


def _read_kept(path: Path, names: Sequence[str]) -> pd.DataFrame:
    table = manifest.read(path, "kept")
    manifest.check_labels(path, table["label"], names)
    rows: pd.DataFrame = table.to_pandas()
    return rows


def _read_scores(paths: Sequence[Path]) -> pd.DataFrame | None:
    """Read all but the embeddings, which are large."""
    if not paths:
        return None
    table = manifest.read(paths, "scores", columns=["id", *SCORE_COLUMNS])
    rows: pd.DataFrame = table.drop(["perceptual_hash"]).to_pandas()
    # As objects: a float would not hold all 64 bits of a hash beside a missing one.
    hashes = table["perceptual_hash"].to_pylist()
    return rows.assign(perceptual_hash=pd.Series(hashes, dtype=object))


def _refuse_shared_ids(ids: pd.Series) -> None:
    shared = ids[ids.duplicated()]
    if len(shared):
        raise UserError(
            f"gallery: {len(shared)} ids are of a real and of a synthetic image, the first is "
            f"{shared.iloc[0]!r}; give the tables of one experiment"
        )


def _read_images(paths: Sequence[Path], ids: list[str]) -> dict[str, dict[str, Any]]:
    """Read the images of the given ids."""
    columns = ["id", "image", "prompt", "seed", "reason"]
    found = manifest.read_rows(paths, "images", ids, columns=columns)
    absent = set(ids) - set(found)
    if absent:
        raise UserError(
            f"gallery: {len(absent)} images of --kept are in no shard of --images, the first is "
            f"{min(absent)!r}; give all shards"
        )
    return found


def _histograms(synthetic: pd.DataFrame, classes: int) -> dict[str, Any]:
    """Return the histograms of what was measured, by measure."""
    there = [measure for measure in MEASURES if measure in synthetic]
    found = {measure: histograms(synthetic, measure, classes) for measure in there}
    return {measure: made for measure, made in found.items() if made is not None}


def _totals(images: pd.DataFrame, classes: int) -> list[list[int]]:
    """Count all images by class and kind."""
    counts = images.groupby(["label", "kind"]).size().to_dict()
    return [[int(counts.get((label, kind), 0)) for kind in KINDS] for label in range(classes)]


def _listings(paths: Mapping[str, Path | Sequence[Path]]) -> list[tuple[str, str]]:
    """List the settings of the stages that made what is shown; of shards those of the first."""
    found = []
    for stage, files in paths.items():
        first = files if isinstance(files, Path) else next(iter(files), None)
        made = manifest.read_metadata(first)["provenance"] if first else {}
        lines = (
            f"{key}: {json.dumps(value, ensure_ascii=False)}"
            for key, value in made.get("settings", {}).items()
        )
        found.append((stage, "\n".join(lines)))
    return [(stage, lines) for stage, lines in found if lines]
