"""Tables such as the stages before the gallery write, made by hand."""

import dataclasses
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from sau.pipeline.gallery.settings import GallerySettings
from sau.pipeline.gallery.stage import gallery
from sau.storage import manifest
from sau.storage.manifest.schemas import FILTER_RULES

Row = dict[str, Any]


@dataclasses.dataclass
class Tables:
    """Paths of what the gallery reads."""

    folder: Path

    @property
    def inputs(self) -> dict[str, Any]:
        return {
            "train_images": self.folder / "train.parquet",
            "kept": self.folder / "kept.parquet",
            "images": [self.folder / "images.parquet"],
            "scores": [self.folder / "scores.parquet"],
        }

    def page(self, name: str = "index.html", settings: Row | None = None, **changes: Any) -> Path:
        """Make the page and return its path."""
        html = self.folder / name
        made = GallerySettings(**(settings or {}))
        gallery(**(self.inputs | changes), html=html, settings=made)
        return html


def synthetic(name: str, label: int = 0, *, score: float | None = 0.3, **more: Any) -> Row:
    """Describe a synthetic image; `rules` are the reasons of those that reject it."""
    rules = more.pop("rules", {})
    kept = not rules and more.get("status", "ok") == "ok"
    row = {"id": name, "label": label, "score": score, "kept": kept, "rules": rules}
    return row | {"prompt": f"A photo of {name}.", "status": "ok", "image": picture(label)} | more


def real(name: str, label: int = 0, **more: Any) -> Row:
    return {"id": name, "label": label, "status": "ok", "image": picture(label), **more}


def picture(shade: int, width: int = 16, height: int = 16, kind: str = "png") -> bytes:
    """Return an image of one colour, which differs from number to number."""
    colour = (37 * shade % 256, 91 * shade % 256, 151 * shade % 256)
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, kind)
    return buffer.getvalue()


def write_tables(
    folder: Path, class_names: Sequence[str], reals: Iterable[Row], synthetics: Iterable[Row]
) -> Tables:
    """Write the four tables; what rows do not say is missing in them."""
    synthetics = list(synthetics)
    facts = {"class_names": list(class_names), "dataset": "pets", "settings": {"name": "pets"}}
    _put(folder / "train.parquet", "images", [_image(row) for row in reals], facts)
    _put(folder / "images.parquet", "images", [_image(row) for row in synthetics], {})
    _put(folder / "scores.parquet", "scores", synthetics, {})
    decided = [
        {key: row.get(key) for key in ("id", "label", "score", "rank", "kept")}
        | {rule: row["rules"].get(rule) for rule in FILTER_RULES}
        | {"reason": next(iter(row["rules"].values()), "passes" if row["kept"] else "image failed")}
        for row in synthetics
    ]
    _put(folder / "kept.parquet", "kept", decided, {"settings": {"keep_fraction": 0.8}})
    return Tables(folder)


def _image(row: Row) -> Row:
    data = row.get("image")
    return row | {"image": None if data is None else {"bytes": data}, "reason": row.get("failure")}


def _put(path: Path, kind: str, rows: Sequence[Row], facts: Row) -> None:
    schema = manifest.SCHEMAS[kind]
    columns = {name: [row.get(name) for row in rows] for name in schema.names}
    manifest.write(path, kind, pa.table(columns, schema), facts)


@pytest.fixture
def tables(tmp_path: Path) -> Callable[..., Tables]:
    """Return a function that writes tables of class names, real and synthetic rows."""

    def write(
        class_names: Sequence[str], reals: Iterable[Row] = (), synthetics: Iterable[Row] = ()
    ) -> Tables:
        return write_tables(tmp_path / "tables", class_names, reals, synthetics)

    return write


def noise(seed: int, side: int) -> bytes:
    """Return a PNG of random pixels: as large as a picture can be."""
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "png")
    return buffer.getvalue()
