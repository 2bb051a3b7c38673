"""A results folder as the stages write it, with pictures of two classes in two shards."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import datasets
import pyarrow as pa
import pytest

from sau.storage import manifest
from tests.sources.make_images import picture

NAMES = ["ant", "New York"]
WEIGHTS = "0123456789abcdef" * 4
ONE_GENERATOR = [{"classes": NAMES, "weights_sha256": WEIGHTS, "drawn_as": "x"}]


datasets.disable_progress_bars()


def load(folder: Path, tmp_path: Path) -> datasets.DatasetDict:
    """Open a folder as users of `datasets` do, with a cache of the test's own."""
    return datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))


class Results:
    """The folder, and what is to be found of it.

    Attributes:
        folder: of the results.
        kept: ids of the kept images, by class and then in the order of the shards.
        data: bytes of each image.
    """

    def __init__(
        self,
        folder: Path,
        settings: dict[str, object],
        *,
        generators: Sequence[Mapping[str, object]] = ONE_GENERATOR,
        imported: Sequence[str] = (),
        **facts_of_images: object,
    ) -> None:
        """Args: settings of images, what drew which class, classes that nothing drew, and what else
        the images' provenance says.
        """
        self.folder = folder
        ids = [f"synthetic/{NAMES[i % 2]}/{i:06d}" for i in range(10)]
        self.data = {name: picture(i) for i, name in enumerate(ids)}
        self.kept = [name for k in range(2) for name in ids[k::2] if ids.index(name) not in (3, 4)]
        hashes: dict[str, list[str]] = {"images": [], "scores": []}
        for shard in range(2):
            own = range(5 * shard, 5 * shard + 5)
            images = [self._image(ids[i], i, NAMES[i % 2] not in imported) for i in own]
            facts = {"settings": settings, "generators": generators, "split": "synthetic"}
            facts |= facts_of_images
            hashes["images"].append(self._write("images", shard, images, facts))
            scores = [self._score(ids[i], i) for i in own]
            hashes["scores"].append(self._write("scores", shard, scores, {}))
        rows = [self._decision(name, i) for i, name in enumerate(ids)]
        facts = {
            "settings": {"keep_fraction": 0.8},
            "inputs": {"scores": hashes["scores"]},
            "earlier_inputs": {"scores.images": hashes["images"]},
        }
        self._write("kept", None, rows, facts)

    def _image(self, name: str, i: int, seed: bool) -> dict[str, object]:
        row = {"id": name, "label": i % 2, "prompt": f"a {NAMES[i % 2]}", "status": "ok"}
        image = {"bytes": self.data[name], "path": None}
        return row | {"image": image, "seed": i if seed else None, "width": 8, "height": 8}

    def _score(self, name: str, i: int) -> dict[str, object]:
        row = {"id": name, "label": i % 2, "status": "ok", "class_score": i / 10, "zero_shot": 1}
        row |= {"entropy": i / 20, "agreement": i / 10, "loss": None if i % 2 else i / 5}
        return row | {"perceptual_hash": -i, "embedding": [0.0, 1.0]}

    def _decision(self, name: str, i: int) -> dict[str, object]:
        kept = name in self.kept
        row = {"id": name, "label": i % 2, "score": i / 10, "rank": i // 2 + 1, "kept": kept}
        rule = {} if kept else {"threshold": "score 0.3 < 0.5"}
        return row | rule | {"reason": "passes threshold" if kept else "threshold: score 0.3 < 0.5"}

    def _write(
        self, kind: str, shard: int | None, rows: list[dict[str, object]], facts: dict[str, object]
    ) -> str:
        stage = "filter" if kind == "kept" else kind
        name = "kept.parquet" if shard is None else f"shard-{shard}.parquet"
        path = self.folder / stage / name
        path.parent.mkdir(parents=True, exist_ok=True)
        table = pa.Table.from_pylist(rows, manifest.SCHEMAS[kind])
        return manifest.write(path, kind, table, {"class_names": NAMES, **facts})


GLIDE = {"source": "glide", "model": "tiny-glide", "steps": "3", "guidance_scale": 2.0}


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results(tmp_path / "results", GLIDE)
