"""How much each image helps, as networks of another run say it."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sau.core.errors import UserError
from sau.storage import manifest
from sau.storage.manifest.reading import read_record

log = logging.getLogger(__name__)


def with_influence(scores: pa.Table, path: Path) -> pa.Table:
    """Return a table of scores with the column `influence`, null where the manifest lacks an image.

    Args:
        scores: rows with id and label.
        path: manifest of influence; it may say more, of images that are not asked about.

    Raises:
        UserError: no such manifest, or one that knows an image by another label.
    """
    known = manifest.read(path, "influence")
    places = pc.index_in(scores["id"], known["id"].combine_chunks()).combine_chunks()
    labels = known["label"].take(places)
    others = pc.fill_null(pc.not_equal(labels, scores["label"]), False)
    if pc.any(others).as_py():
        first = scores["id"].filter(others)[0].as_py()
        raise UserError(
            f"filter.influence: {path}: {first!r} has another label there than in the scores; give "
            "the influence of these very images"
        )
    return scores.append_column("influence", known["influence"].take(places))


def warn_of_other_tails(path: Path, validation: Sequence[Path]) -> None:
    """Warn where the networks that say what helps were trained on another tail than the run has.

    Args:
        path: manifest of influence.
        validation: manifests of what the run holds out of each tail; none: it holds out nothing.
    """
    known = read_record(path).provenance.get("inputs", {}).get("validation", [])
    held_out = {read_record(one).content_sha256 for one in validation}
    if known and held_out != set(known):
        log.warning(
            "filter.influence: %s: its networks held out other real images than this run does of "
            "each tail, so they may know some that are validation images here, or of no tail; "
            "validation images do not tell whether choosing by it helps",
            path,
        )
