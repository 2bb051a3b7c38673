"""Whole runs whose images are decoded when a batch needs them."""

import dataclasses
from pathlib import Path

import pytest
import torch

from sau.data.batches import Streams, view_batches
from sau.data.images import EncodedImages, PixelImages
from sau.data.sets import TrainingData
from sau.engine.settings import TrainingSettings
from sau.pipeline.dataset.settings import DatasetSettings
from sau.pipeline.dataset.stage import dataset
from sau.pipeline.subset.settings import SubsetSettings
from sau.pipeline.subset.stage import subset
from sau.pipeline.training.load_images import Decoding
from sau.pipeline.training.loading import load_training
from sau.pipeline.training.stage import run_identity
from sau.storage.manifest import read
from sau.views import Normalisation, ViewName, ViewOptions
from tests.pipeline.dataset.test_imagenet_lt import put_imagenet
from tests.training.conftest import Inputs, pixels_of, random_images, write_members, write_rows

ON_DEMAND = {"decode": "on_demand", "decode_workers": 2}
OPTIONS = ViewOptions(Normalisation((0.5, 0.4, 0.3), (0.2, 0.25, 0.3)), cutout_size=2)
VIEWS: tuple[ViewName, ...] = ("v1", "v2", "v3")


def load(inputs: Inputs, decoding: Decoding) -> TrainingData:
    manifests = inputs.members, inputs.train_images, inputs.synthetic_images
    return load_training(*manifests, 3, "balanced", decoding)


def test_data_and_their_real_part_are_the_same(inputs: Inputs, tmp_path: Path) -> None:
    ahead = load(inputs, Decoding("ahead"))
    on_demand = load(inputs, Decoding("on_demand", 2, torch.device("cpu"), tmp_path))
    assert isinstance(ahead.images, PixelImages)
    assert isinstance(on_demand.images, EncodedImages)
    for one, two in ((ahead, on_demand), (ahead.real(), on_demand.real())):
        assert one.ids == two.ids
        assert torch.equal(one.labels, two.labels)
        assert torch.equal(pixels_of(one), pixels_of(two))
    assert len(ahead.real().ids) < len(ahead.ids)


@pytest.mark.parametrize("weights", [None, torch.tensor([1.0, 5.0, 0.5])])
def test_batches_are_the_same(weights: torch.Tensor | None, inputs: Inputs, tmp_path: Path) -> None:
    decodings = Decoding("ahead"), Decoding("on_demand", 2, torch.device("cpu"), tmp_path)
    epochs = [
        list(view_batches(load(inputs, d), VIEWS, OPTIONS, 7, Streams(0, 1), "first", weights))
        for d in decodings
    ]
    for one, two in zip(*epochs, strict=True):
        assert torch.equal(one.index, two.index)
        assert torch.equal(one.labels, two.labels)
        for name in VIEWS:
            assert torch.equal(one.views[name], two.views[name])


@pytest.fixture
def split(inputs: Inputs, tmp_path: Path) -> Inputs:
    """The same inputs with validation images."""
    held = random_images("held", [0, 1, 2, 2], seed=9)
    members = write_members(tmp_path / "validation.parquet", held, [False] * len(held))
    images = write_rows(tmp_path / "held.parquet", "images", held)
    train_images = [*inputs.train_images, images]
    return dataclasses.replace(inputs, validation=members, train_images=train_images)


def results_of(outputs: dict[str, Path]) -> tuple[object, ...]:
    """Return model and tables, without what they record of the settings."""
    kinds = "predictions", "history", "label_correction"
    tables = [read(outputs[kind], kind).to_pydict() for kind in kinds]
    return (outputs["model"] / "model.safetensors").read_bytes(), *tables


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "sau"},
        {"method": "sure", "options": {"reweight_temperature": 1.0}},
        {"method": "bcl", "data": "real", "test_views": "flip"},
        {"method": "glmc", "swa_from": 1},
    ],
    ids=lambda changes: changes["method"],
)
def test_model_and_predictions_are_the_same(changes: dict, split: Inputs, tmp_path: Path) -> None:
    runs = [
        split.train(tmp_path / name, epochs=2, **changes, **how)
        for name, how in (("ahead", {}), ("on_demand", ON_DEMAND))
    ]
    assert results_of(runs[0]) == results_of(runs[1])
    made = [sorted(path.name for path in (tmp_path / n).iterdir()) for n in ("ahead", "on_demand")]
    assert made[0] == made[1], "no cache is left"


def test_run_may_go_on_with_another_way_to_decode() -> None:
    def identity(**changes: object) -> str:
        settings = TrainingSettings(**changes)  # type: ignore[arg-type]
        return run_identity({"settings": settings.with_effect()}, 0)

    assert set(ON_DEMAND) <= set(TrainingSettings.keys(affects_result=False))
    assert identity(**ON_DEMAND) == identity() != identity(epochs=3)


def test_imagenet_shaped_data_from_its_files_to_a_model(tmp_path: Path) -> None:
    """JPEGs of several sizes, one of them missing; dataset, subset as it is, training."""
    root = tmp_path / "root"
    put_imagenet(root)
    files = {name: tmp_path / f"{name}.parquet" for name in ("train", "test", "real", "held")}
    settings = DatasetSettings(
        source="imagenet-lt",
        folder=str(root),
        train_file=str(root / "train.txt"),
        test_file=str(root / "test.txt"),
        image_size=20,
    )
    dataset(files["train"], files["test"], settings=settings)
    tail = {"imbalance_factor": "as-is", "data_seed": 0, "settings": SubsetSettings()}
    subset(files["train"], files["real"], files["held"], **tail)
    manifests = [[files[name]] for name in ("real", "train", "test")]
    inputs = Inputs(*manifests, [], files["held"])
    changes = {
        "method": "cross_entropy",
        "data": "real",
        "view_set": "imagenet",
        "crop_size": 16,
        "epochs": 1,
    }
    runs = [
        inputs.train(tmp_path / name, **changes, **how)
        for name, how in (("ahead", {}), ("on_demand", ON_DEMAND))
    ]
    assert results_of(runs[0]) == results_of(runs[1])
    assert len(set(read(runs[1]["predictions"], "predictions")["id"].to_pylist())) == 6
