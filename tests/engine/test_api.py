import dataclasses
import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor
from torch.utils.data import Dataset, TensorDataset

import sau
from sau.engine.api import NOT_HERE, train
from sau.engine.settings import TrainingSettings
from sau.networks.saved import contiguous_state
from sau.pipeline.training.inputs import RunInputs, load_data
from sau.settings.section import default_of
from sau.storage.manifest import read
from tests.training.conftest import TINY, Inputs, inputs, pixels_of

__all__ = ["inputs"]  # a fixture

SMALL: dict[str, Any] = {
    "backbone": "resnet8",
    "width": 4,
    "epochs": 1,
    "batch_size": 16,
    "cutout_size": 4,
}


def coloured(count: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    labels = torch.arange(count) % 3
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 100, (count, 3, 8, 8), generator=generator, dtype=torch.uint8)
    images[torch.arange(count), labels] += 120
    return images, labels


@pytest.mark.parametrize("method", ["sau", "cross_entropy"])
def test_train_gives_the_bytes_of_the_stage(method: str, inputs: Inputs, tmp_path: Path) -> None:
    outputs = inputs.train(tmp_path, method=method, epochs=2)
    settings = TrainingSettings(**{**TINY, "method": method, "epochs": 2})
    data = load_data(RunInputs(**inputs.of(settings)), settings, torch.device("cpu"))
    assert data.test is not None
    result = train(
        pixels_of(data.train),
        data.train.labels,
        is_synthetic=data.train.is_synthetic,
        scores=data.train.scores,
        test=(pixels_of(data.test), data.test.labels),
        mean=data.normalisation.mean,
        std=data.normalisation.std,
        **{**TINY, "method": method, "epochs": 2},
    )
    found = contiguous_state(result.network)
    expected = load_file(outputs["model"] / "model.safetensors")
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in found)
    last = read(outputs["predictions"], "predictions").to_pandas().query("selection == 'last'")
    assert result.predictions is not None
    assert result.predictions.predicted.tolist() == last["predicted"].tolist()
    assert result.predictions.confidence.tolist() == last["confidence"].tolist()
    rows = read(outputs["history"], "history").to_pandas()
    history = {(e, name): value for name, row in result.history.items() for e, value in row.items()}
    assert [(*key, value) for key, value in sorted(history.items())] == sorted(
        rows.itertuples(index=False, name=None)
    )


def test_train_learns_a_colour_and_classifies_new_images() -> None:
    images, labels = coloured(90)
    result = train(images, labels, method="cross_entropy", **{**SMALL, "epochs": 4})
    assert result.predictions is None
    new, truth = coloured(30, seed=1)
    probabilities = result.probabilities(new)
    assert probabilities.shape == (30, 3)
    torch.testing.assert_close(probabilities.sum(dim=1), torch.ones(30))
    assert sau.top1(truth, probabilities.argmax(dim=1)) == 100


class Pictures(Dataset[Any]):
    """Pillow's images, the later half generated."""

    def __init__(self, images: Tensor, labels: Tensor, parts: int) -> None:
        self.images, self.labels, self.parts = images, labels, parts

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, place: int) -> tuple[Any, ...]:
        image = Image.fromarray(self.images[place].permute(1, 2, 0).numpy())
        return (image, int(self.labels[place]), place >= 15)[: self.parts]


def same(first: sau.TrainingResult, second: sau.TrainingResult) -> bool:
    states = [contiguous_state(result.network) for result in (first, second)]
    return all(torch.equal(value, states[1][name]) for name, value in states[0].items())


def test_tensors_arrays_floats_and_data_sets_train_the_same() -> None:
    images, labels = coloured(30)
    made = torch.arange(30) >= 15
    expected = train(images, labels, is_synthetic=made, **SMALL)
    others = [
        train(images / 255, labels, is_synthetic=made, **SMALL),
        train(images.numpy(), labels.numpy(), is_synthetic=made.numpy(), **SMALL),
        train(Pictures(images, labels, 3), **SMALL),
        train(TensorDataset(images, labels, made), **SMALL),
        train(TensorDataset(images, labels), is_synthetic=made, **SMALL),
    ]
    assert all(same(expected, other) for other in others)
    real = train(Pictures(images, labels, 2), **SMALL)
    assert not same(expected, real)
    assert real.settings.data == "real"


def test_grey_images_have_three_equal_channels() -> None:
    images, labels = coloured(30)
    grey = images[:, :1]
    one = train(grey, labels, **SMALL)
    assert same(one, train(grey.expand(-1, 3, -1, -1), labels, **SMALL))


def test_validation_chooses_an_epoch_and_record_sees_the_history() -> None:
    images, labels = coloured(30)
    seen: list[tuple[int, str, float]] = []
    result = train(
        images,
        labels,
        test=(images[:9], labels[:9]),
        validation=TensorDataset(images[9:18], labels[9:18]),
        record=lambda *row: seen.append(row),
        **{**SMALL, "epochs": 2},
    )
    assert result.best_on_validation is not None
    top1 = result.history["validation/top1"]
    assert result.best_on_validation.validation_top1 == max(top1.values())
    assert seen == sorted(
        [(e, name, value) for name, row in result.history.items() for e, value in row.items()],
        key=lambda row: (row[0], list(result.history).index(row[1])),
    )


def test_defaults_are_those_of_the_stage() -> None:
    parameters = inspect.signature(train).parameters
    shared = set(parameters) & set(TrainingSettings.model_fields) - {"device", "options"}
    assert {"method", "epochs", "batch_size", "learning_rate", "weight_decay"} <= shared
    for name in shared:
        assert parameters[name].default == default_of(TrainingSettings, name), name
    assert set(TrainingSettings.model_fields) > NOT_HERE


IMAGES, LABELS = coloured(30)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "^epochs: 0 must be at least 1"),
        ({"method": "sua"}, "^method: 'sua' must be one of .*did you mean 'sau'"),
        ({"options": {"temprature": 1}}, "^options.temprature: .*did you mean 'temperature'"),
        ({"step_factor": 0.5}, "^step_factor: 0.5 has no effect with schedule cosine"),
        ({"second_stage": {"epochs": 0}}, "^second_stage.epochs: 0 must be at least 1"),
        ({"device": "tpu"}, "^device: 'tpu', expected cpu"),
        ({"images": IMAGES[0]}, r"^images: shape \(3, 8, 8\), expected \(N, 3, H, W\)"),
        ({"images": IMAGES.float()}, "^images: values from 0 to .*, expected 0 to 1, or uint8"),
        ({"images": IMAGES.int()}, "^images: dtype torch.int32, expected torch.uint8"),
        ({"labels": None}, "^labels: missing"),
        ({"labels": LABELS[:3]}, r"^labels: labels of shape \(3,\), expected \(30,\)"),
        ({"labels": LABELS.float()}, "^labels: labels of dtype torch.float32, expected integers"),
        ({"labels": LABELS - 1}, "^labels: label -1, expected 0 or more"),
        ({"classes": 2}, "^labels: label 2, expected 0 to 1; classes is 2"),
        ({"is_synthetic": LABELS}, "^is_synthetic: torch.int64 of shape"),
        ({"scores": torch.ones(3)}, r"^scores: shape \(3,\), expected \(30,\)"),
        ({"test": (IMAGES, LABELS, LABELS)}, "^test: a tuple of 3, expected images and labels"),
        ({"test": (IMAGES[:, :, :4], LABELS)}, r"^test: images of \(4, 8\), the training images"),
        ({"test": 3}, "^test: int, expected images with labels or a torch Dataset"),
        ({"test": TensorDataset(IMAGES)}, r"^test: items of \[1\] parts"),
        ({"validation": (IMAGES, LABELS)}, "^validation: .* give test too"),
        ({"images": torch.zeros(30, 3, 8, 8)}, "^std: .*, so give std"),
        ({"mean": (0.5, 0.5)}, "^mean: .*, expected three numbers"),
        ({"cutout_size": 16}, "^cutout_size: 16 covers images of 8 x 8 pixels wherever"),
        (
            {"crop_fill": "reflect", "crop_padding": 8},
            "^crop_padding: 8, .* 8 x 8 .* reflect 7",
        ),
    ],
)
def test_train_refuses_an_argument_by_its_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        train(**{"images": IMAGES, "labels": LABELS, **SMALL, **changes})


def test_train_refuses_an_argument_that_there_is_not() -> None:
    for name in ("methd", *sorted(NOT_HERE)):
        with pytest.raises(TypeError, match=f"^train\\(\\) has no argument '{name}'"):
            train(IMAGES, LABELS, **{name: 1})


def test_train_stops_at_a_loss_that_is_not_finite() -> None:
    with pytest.raises(ValueError, match=r"^learning_rate: at 1e\+18 the loss of epoch 1 is"):
        train(IMAGES, LABELS, **{**SMALL, "learning_rate": 1e18, "batch_size": 4})


def test_result_cannot_be_changed() -> None:
    result = train(IMAGES, LABELS, **SMALL)
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.seed = 1  # type: ignore[misc]
    assert np.isfinite(list(result.history["loss/total"].values())).all()
