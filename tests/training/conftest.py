import dataclasses
import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image

from sau.core.errors import naming_section
from sau.data.sets import TestData, TrainingData
from sau.engine.build import build_run
from sau.engine.loop import Run
from sau.networks.saved import OF_EPOCH
from sau.pipeline.training import stage
from sau.pipeline.training.inputs import RunInputs, load_data
from sau.pipeline.training.settings import TrainingSection
from sau.storage.manifest import SCHEMAS, write

CLASS_NAMES = ["zero", "one", "two"]
PROVENANCE = {"class_names": CLASS_NAMES, "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.25, 0.3]}

TINY = {
    "backbone": "resnet8",
    "width": 4,
    "projection_hidden": 16,
    "projection_size": 8,
    "epochs": 4,
    "batch_size": 8,
    "crop_padding": 1,
    "cutout_size": 4,
}


def encode(pixels: np.ndarray, mode: str | None = None) -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(buffer, format="PNG")
    return buffer.getvalue()


def image_row(name: str, label: int, data: bytes | None, status: str = "ok") -> dict[str, Any]:
    return {
        "id": name,
        "image": {"bytes": data, "path": None},
        "label": label,
        "prompt": None,
        "seed": None,
        "width": 8,
        "height": 8,
        "status": status,
        "reason": None if status == "ok" else "broken",
    }


def random_images(prefix: str, labels: list[int], seed: int, side: int = 8) -> list[dict[str, Any]]:
    """Noise around a colour of the class, so that there is something to learn."""
    generator = np.random.default_rng(seed)
    rows = []
    for place, label in enumerate(labels):
        pixels = generator.integers(0, 100, (side, side, 3), dtype=np.uint8)
        pixels[:, :, label % 3] += 120
        rows.append(image_row(f"{prefix}-{place}", label, encode(pixels)))
    return rows


def write_rows(
    path: Path,
    kind: str,
    rows: list[dict[str, Any]],
    provenance: dict[str, Any] | None = None,
    rows_of_a_group: int | None = None,
) -> Path:
    made = PROVENANCE if provenance is None else provenance
    table = pa.Table.from_pylist(rows, schema=SCHEMAS[kind])
    write(path, kind, table, made, rows_of_a_group=rows_of_a_group)
    return path


def write_members(
    path: Path,
    rows: list[dict[str, Any]],
    synthetic: list[bool],
    true: list[int | None] | None = None,
) -> Path:
    """Write a list of members; real and synthetic ones may stand in one file.

    The synthetic ones have scores of their place: 0, 0.125, 0.25 and so on.
    """
    members = [
        {
            "id": row["id"],
            "label": row["label"],
            "is_synthetic": made,
            "score": place / 8 if made else None,
            "true_label": true[place] if true else None,
        }
        for place, (row, made) in enumerate(zip(rows, synthetic, strict=True))
    ]
    facts = {"imbalance_factor": 8.0, "data_seed": 0}
    table = pa.Table.from_pylist(members, SCHEMAS["members"])
    write(path, "members", table, facts)
    return path


@dataclasses.dataclass(frozen=True)
class Inputs:
    """Manifests of a tiny long-tailed set of three classes, completed by synthetic images.

    `members` are the real ones, then their complement; or one file of both.
    """

    members: list[Path]
    train_images: list[Path]
    test_images: list[Path]
    synthetic_images: list[Path]
    validation: Path | None = None

    def of(self, settings: TrainingSection) -> dict[str, Any]:
        """Return what the workflow would hand over: nothing synthetic to a run on real images."""
        if settings.needs_synthetic():
            return vars(self)
        return vars(self) | {"members": self.members[:1], "synthetic_images": []}

    def assemble(self, seed: int = 0, **changes: Any) -> Run:
        """Build the run that `train` would train."""
        settings = TrainingSection(**{**TINY, **changes})
        device = torch.device(settings.device)
        data = load_data(RunInputs(**self.of(settings)), settings, device)
        with naming_section("training"):
            return build_run(data, settings, seed=seed)

    def train(self, folder: Path, seed: int = 0, **changes: Any) -> dict[str, Path]:
        """Run the stage into `folder`, and return its outputs by name."""
        outputs = outputs_in(folder)
        settings = TrainingSection(**{**TINY, **changes})
        stage.training(**self.of(settings), **outputs, seed=seed, settings=settings)
        return outputs


def outputs_in(folder: Path) -> dict[str, Path]:
    """Return where a run that writes into `folder` puts its outputs, by name."""
    return {
        "predictions": folder / "predictions.parquet",
        "history": folder / "history.parquet",
        "label_correction": folder / "label_correction.parquet",
        "model": folder / "model",
        "checkpoint": folder / "checkpoint",
    }


def bytes_of(outputs: dict[str, Path]) -> dict[str, bytes]:
    """Return all that a run has written, by name."""
    names = ["predictions", "history", "label_correction"]
    files = {name: outputs[name].read_bytes() for name in names}
    written = sorted(path for path in outputs["model"].rglob("*") if path.is_file())
    model = {str(path.relative_to(outputs["model"])): path.read_bytes() for path in written}
    names = ["config.json", "model.safetensors"]
    best = [f"best_on_validation/{name}" for name in names]
    of_run = [name for name in sorted(model) if not name.startswith(OF_EPOCH)]
    assert of_run in (names, [*best, *names])
    return files | model


def pixels_of(data: TrainingData | TestData) -> torch.Tensor:
    """Return all images of the data, uint8 (N, 3, H, W)."""
    return data.images.take(torch.arange(len(data.ids)))


class Killed(BaseException):
    """Stands for a signal that ends the process."""


def kill_after(epoch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next run die once the checkpoint of `epoch` is written."""
    save = stage.save_checkpoint

    def save_and_die(*arguments: Any, **more: Any) -> None:
        save(*arguments, **more)
        if arguments[-1].epoch == epoch:
            raise Killed

    monkeypatch.setattr(stage, "save_checkpoint", save_and_die)


def assert_goes_on(
    inputs: Inputs, folder: Path, monkeypatch: pytest.MonkeyPatch, epoch: int, **changes: Any
) -> None:
    """Kill a run after `epoch` and start it again: it ends in the bytes of one in one go."""
    whole = inputs.train(folder / "whole", **changes)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_after(epoch, patch)
        inputs.train(folder / "killed", **changes)
    left = [path.name for path in (folder / "killed").iterdir()]
    assert left == ["checkpoint"]
    again = inputs.train(folder / "killed", **changes)
    assert bytes_of(whole) == bytes_of(again)
    assert not again["checkpoint"].exists()


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    folder = tmp_path_factory.mktemp("inputs")
    real = random_images("real", [0] * 8 + [1] * 4 + [2], seed=1)
    spare = random_images("spare", [1], seed=2)
    shards = [random_images("a", [1] * 4, seed=3), random_images("b", [2] * 7, seed=4)]
    test = random_images("test", [0, 1, 2] * 3, seed=5)
    synthetic = [row for shard in shards for row in shard]
    return Inputs(
        [
            write_members(folder / "real.parquet", real, [False] * len(real)),
            write_members(folder / "synthetic.parquet", synthetic, [True] * len(synthetic)),
        ],
        [write_rows(folder / "train.parquet", "images", real + spare)],
        [write_rows(folder / "test.parquet", "images", test)],
        [
            write_rows(folder / f"shard-{place}.parquet", "images", shard, {})
            for place, shard in enumerate(shards)
        ],
    )
