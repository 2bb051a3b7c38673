"""Prompts of two classes, and runs of the stage on them."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from PIL import Image

from sau.pipeline.images import generate
from sau.pipeline.images.settings import ImagesSettings
from sau.pipeline.images.stage import images
from sau.storage import manifest
from tests.pipeline.images.quick import Quick


class Inputs:
    """A folder with class names and prompts, and the images made from them."""

    def __init__(self, folder: Path, class_names: list[str]) -> None:
        self.folder = folder
        self.class_names = class_names
        self.class_words: dict[str, str] = {}
        empty = pa.Table.from_pylist([], schema=manifest.SCHEMAS["images"])
        facts = {"class_names": class_names}
        manifest.write(folder / "train.parquet", "images", empty, facts)

    def write_prompts(self, count: int, prompt: str = "A photo of the digit {name}.") -> None:
        """Write prompts, the classes taking turns; {name} is what they are called in prompts."""
        rows = []
        for i in range(count):
            label = i % len(self.class_names)
            name = self.class_names[label]
            word = self.class_words.get(name, name)
            text = prompt.format_map({"name": word, "class": name})
            row = {"id": f"{i:04d}", "label": label, "class_name": word, "prompt": text}
            rows.append({**row, "source": "template"})
        table = pa.Table.from_pylist(rows, schema=manifest.SCHEMAS["prompts"])
        manifest.write(self.folder / "prompts.parquet", "prompts", table, {})

    def run(self, shard: int = 0, name: str = "shard", **settings: Any) -> Path:
        """Run the stage for one shard, and return its file."""
        output = self.folder / f"{name}-{shard}.parquet"
        settings = {"source": "glide", "steps": "3", "shards": 1, **settings}
        images(
            self.folder / "train.parquet",
            output,
            shard=shard,
            prompts=self.folder / "prompts.parquet",
            settings=ImagesSettings(**settings),
        )
        return output

    def import_from(self, folder: Path) -> None:
        """Run the stage for a shard of imported pictures."""
        settings = ImagesSettings(source="imported", folder=str(folder), shards=1)
        output = self.folder / "shard-0.parquet"
        images(self.folder / "train.parquet", output, shard=0, settings=settings)


@pytest.fixture
def inputs(tmp_path: Path) -> Inputs:
    """Class names and seven prompts."""
    made = Inputs(tmp_path, ["zero", "one"])
    made.write_prompts(7)
    return made


@pytest.fixture
def quick(inputs: Inputs, monkeypatch: pytest.MonkeyPatch) -> Inputs:
    """The inputs, with a generator that needs no time."""
    monkeypatch.setattr(generate, "load_generator", Quick)
    monkeypatch.setattr(Quick, "sizes", [])
    return inputs


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Return the rows of an images manifest."""
    rows: list[dict[str, Any]] = manifest.read(path, "images").to_pylist()
    return rows


def pixels(*paths: Path) -> npt.NDArray[np.uint8]:
    """Return the pictures of images manifests by id, (N, H, W, 3)."""
    rows = sorted((row for path in paths for row in rows_of(path)), key=lambda row: row["id"])
    return np.stack([np.asarray(Image.open(io.BytesIO(r["image"]["bytes"]))) for r in rows])
