"""The kept images of a results folder: which files hold them, and how they came to be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sau.core.errors import UserError
from sau.storage import manifest
from sau.storage.belonging import recorded_hashes
from sau.storage.manifest.reading import read_record
from sau.storage.manifest.schemas import CLASSIFIED

MEASURES = (
    *("class_score", "zero_shot", "zero_shot_probability", "margin"),
    *CLASSIFIED,
    *("perceptual_hash", "brightness", "contrast", "sharpness"),
)
"""Columns of scores that are published; embeddings are not, for their size."""


@dataclass(frozen=True)
class Found:
    """What a results folder holds of the kept images.

    Attributes:
        kept: what the filter decided.
        scores: the shards of scores that it decided by.
        images: the shards of images that were scored, in the same order.
        class_names: in label order.
    """

    kept: Path
    scores: Sequence[Path]
    images: Sequence[Path]
    class_names: list[str]

    def provenance(self, path: Path) -> Mapping[str, Any]:
        """Return what one of the files records of its making."""
        return read_record(path).provenance


def find_kept(results: Path) -> Found:
    """Find the kept images of a results folder, by the hashes that its files record.

    So shards that an earlier run has left there do not count.

    Args:
        results: the folder of a run.

    Raises:
        UserError: no such folder, no synthetic images in it, or shards that are missing or newer.
    """
    kept = results / "filter" / "kept.parquet"
    if not results.is_dir():
        raise UserError(f"RESULTS: {results}: no such folder; expected a run's results")
    if not kept.is_file():
        raise UserError(
            f"RESULTS: {results}: no filter/kept.parquet in it; run the pipeline with images.source"
        )
    names = manifest.read_facts(kept, "kept", "class_names")["class_names"]
    made = read_record(kept).provenance
    scores = _of_hashes(results / "scores", recorded_hashes(made, "scores"), kept)
    images = _of_hashes(results / "images", recorded_hashes(made, "scores.images"), kept)
    return Found(kept, scores, images, list(names))


def _of_hashes(folder: Path, hashes: Sequence[str], kept: Path) -> list[Path]:
    """Return the files of a folder that have these content hashes, in their order."""
    files = sorted(folder.glob("*.parquet")) if folder.is_dir() else []
    known = {read_record(file).content_sha256: file for file in files}
    missing = [digest for digest in hashes if digest not in known]
    if missing or not hashes:
        raise UserError(
            f"{kept}: decided by {len(hashes)} shards of {folder.name}, of which "
            f"{len(missing) or 'all'} are not in {folder}; run the pipeline again"
        )
    return [known[digest] for digest in hashes]
