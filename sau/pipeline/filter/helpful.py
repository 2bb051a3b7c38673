"""How much each image helps, as networks of another run say it."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sau.core.errors import UserError
from sau.storage import manifest


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
