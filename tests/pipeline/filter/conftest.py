"""Tables of scores made by hand."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from sau.pipeline.filter.images import Images
from sau.pipeline.filter.settings import FilterSettings
from sau.pipeline.filter.stage import filter
from sau.storage import manifest
from sau.storage.manifest.reading import read_record
from sau.storage.manifest.schemas import CLASSIFIED
from tests.storage.made import table_of

NAMES = ["ant", "bee", "cat"]

LENIENT: dict[str, Any] = {"keep_fraction": 1.0, "leak": "off", "blank_contrast": None}
"""Every rule off."""


def distinct_hashes(count: int, seed: int = 0) -> npt.NDArray[np.int64]:
    """Return hashes that differ in many bits, with overwhelming odds."""
    draws = np.random.default_rng(seed)
    return draws.integers(-(2**63), 2**63, count, dtype=np.int64)


def unit_vectors(count: int, size: int = 16, seed: int = 0) -> npt.NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(count, size))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def scores_table(count: int, prefix: str = "s", **columns: Any) -> pa.Table:
    """Return good images of class 0 with falling scores, but for the columns that are given."""
    made: dict[str, Any] = {
        "id": [f"{prefix}/{place:03d}" for place in range(count)],
        "label": [0] * count,
        "score": [0.9 - 0.01 * place for place in range(count)],
        "class_score": [0.3] * count,
        "zero_shot": columns.get("label", [0] * count),
        "zero_shot_probability": [0.8] * count,
        "margin": [0.1] * count,
        "entropy": [0.5] * count,
        "agreement": [1.0] * count,
        "loss": [0.1] * count,
        "embedding": list(unit_vectors(count).astype(np.float16)),
        "perceptual_hash": distinct_hashes(count),
        "brightness": [0.5] * count,
        "contrast": [0.2] * count,
        "sharpness": [0.05] * count,
        "status": ["ok"] * count,
        "reason": [None] * count,
    } | columns
    schema = manifest.SCHEMAS["scores"]
    arrays = [pa.array(made[field.name], field.type, from_pandas=False) for field in schema]
    return pa.table(arrays, schema=schema)


def unscored_table(count: int, **columns: Any) -> pa.Table:
    """Return what the scores stage leaves without a scorer: what needs no model is measured."""
    names = "score", "class_score", "zero_shot", "zero_shot_probability", "margin", "embedding"
    names += CLASSIFIED
    nothing = {name: [None] * count for name in names}
    return scores_table(count, **nothing | {"status": ["unscored"] * count} | columns)


def images_of(table: pa.Table) -> Images:
    return Images.readable(table)


def words_of(column: pa.Array) -> list[str | None]:
    found: list[str | None] = column.to_pylist()
    return found


class Folder:
    """Where a test's manifests are; runs the stage on them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, table: pa.Table, **facts: Any) -> Path:
        path = self.path / f"{name}.parquet"
        manifest.write(path, "scores", table, {"class_names": NAMES} | facts)
        return path

    def run(
        self,
        *tables: pa.Table,
        tests: Sequence[Path] | None = None,
        validation: Sequence[Path] = (),
        **settings: Any,
    ) -> list[dict[str, Any]]:
        """Run the filter with every rule off but those that are given; return the rows."""
        paths = [self.write(f"shard-{place}", table) for place, table in enumerate(tables)]
        made = FilterSettings(**LENIENT | settings)
        real = self.train_images() if made.influence else None
        given = None if tests is None else list(tests)
        filter(paths, self.kept, given, real, list(validation), settings=made)
        rows: list[dict[str, Any]] = manifest.read(self.kept, "kept").to_pylist()
        return rows

    def train_images(self, rows: int = 4) -> Path:
        path = self.path / f"train-{rows}.parquet"
        manifest.write(path, "images", table_of("images", rows), {"class_names": NAMES})
        return path

    def influence(self, table: pa.Table, influence: Sequence[float], **inputs: list[str]) -> str:
        """Write how much each image of a table helps, as networks of these training images say."""
        path = self.path / "influence.parquet"
        made = {"id": table["id"], "label": table["label"], "influence": influence}
        columns = pa.table(made).cast(manifest.SCHEMAS["influence"])
        known = {"train_images": [read_record(self.train_images()).content_sha256]} | inputs
        manifest.write(path, "influence", columns, {"class_names": NAMES, "inputs": known})
        return str(path)

    @property
    def kept(self) -> Path:
        return self.path / "kept.parquet"

    def facts(self) -> dict[str, Any]:
        made: dict[str, Any] = manifest.read_metadata(self.kept)["provenance"]
        return made


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)
