"""Made-up tables of a data set's size: images without pixels, and their scores."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sau.storage import manifest


def write_tables(folder: Path, classes: int, per_class: int, tests: int) -> None:
    """Write what the stages read: train.parquet, scores.parquet and test.parquet.

    Real training images and synthetic ones are `classes` times `per_class` each, so that a tail of
    any factor can be cut and filled; no table has pixels or embeddings.

    Args:
        folder: where to.
        classes: number of classes.
        per_class: images of each class.
        tests: real test images, of which some synthetic ones are near copies.
    """
    draws = np.random.default_rng(0)
    names = {"class_names": [f"class {label}" for label in range(classes)], "dataset": "made up"}
    rows = _rows("real", classes, per_class)
    images = {"status": _constant("ok", len(rows)), **_columns(rows)}
    manifest.write(folder / "train.parquet", "images", _table("images", images), names)
    hashes = draws.integers(-(2**63), 2**63, classes * per_class, dtype=np.int64)
    test_hashes = draws.integers(-(2**63), 2**63, tests, dtype=np.int64)
    copies = slice(None, None, max(per_class // 10, 1))
    hashes[copies] = draws.choice(test_hashes, len(hashes[copies])) ^ 0b101
    scores = _scores(_rows("synthetic", classes, per_class), hashes, classes, draws)
    manifest.write(folder / "scores.parquet", "scores", scores, names)
    test_rows = _rows("test", 1, tests)
    test = _scores(test_rows, test_hashes, classes, draws)
    manifest.write(folder / "test.parquet", "scores", test, names)


def _scores(
    rows: pa.Table, hashes: "np.ndarray[Any, Any]", classes: int, draws: np.random.Generator
) -> pa.Table:
    count = len(rows)
    labels = rows["label"].to_numpy()
    mistaken = draws.random(count) < 0.05
    return _table(
        "scores",
        {
            **_columns(rows),
            # Rounded, so that there are ties.
            "score": np.round(draws.normal(0.25, 0.03, count), 4).astype(np.float32),
            "zero_shot": np.where(mistaken, (labels + 1) % classes, labels),
            "zero_shot_probability": draws.random(count, dtype=np.float32),
            "margin": draws.normal(0.05, 0.02, count).astype(np.float32),
            "perceptual_hash": hashes,
            "brightness": draws.uniform(0.01, 0.9, count).astype(np.float32),
            "contrast": draws.uniform(0.005, 0.4, count).astype(np.float32),
            "sharpness": draws.uniform(0.001, 0.2, count).astype(np.float32),
            "status": _constant("ok", count),
        },
    )


def _rows(kind: str, classes: int, per_class: int) -> pa.Table:
    labels = np.repeat(np.arange(classes, dtype=np.int32), per_class)
    places = np.tile(np.arange(per_class), classes)
    words = (pa.array(part).cast(pa.string()) for part in (labels, places))
    ids = pc.binary_join_element_wise(pa.scalar(kind), *words, "/")
    return pa.table({"id": ids, "label": labels})


def _columns(rows: pa.Table) -> dict[str, Any]:
    return {name: rows[name] for name in rows.column_names}


def _constant(word: str, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(word), count)


def _table(kind: str, columns: dict[str, Any]) -> pa.Table:
    """Return a table of a schema, null in the columns that are not given."""
    count = len(columns["id"])
    schema = manifest.SCHEMAS[kind]
    return pa.table(
        [columns.get(field.name, pa.nulls(count, field.type)) for field in schema],
        schema=schema,
    )
