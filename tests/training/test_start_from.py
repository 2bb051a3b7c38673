"""A run that starts from a trained network: what it takes, and what is refused."""

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from sau.core.errors import UserError
from sau.networks import Network
from sau.pipeline.training.settings import TrainingSection
from sau.storage.manifest import read_metadata
from sau.storage.sealed import sealed_text, unsealed
from tests.training.conftest import Inputs, assert_goes_on, bytes_of

STILL = {"method": "cross_entropy", "learning_rate": 1e-12, "weight_decay": 0.0, "epochs": 1}
"""A run whose weights stay what they start from; BatchNorm's statistics do not."""


@pytest.fixture(scope="module")
def trained(inputs: Inputs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    return inputs.train(folder, epochs=2, method="sau")["model"]


def renamed(model: Path, folder: Path, names: list[str]) -> Path:
    """Copy a model, its classes called otherwise."""
    shutil.copytree(model, folder)
    values = unsealed((folder / "config.json").read_text())
    (folder / "config.json").write_text(sealed_text(values | {"class_names": names}))
    return folder


def weights(model: Path) -> dict[str, torch.Tensor]:
    return dict(Network.from_pretrained(model).named_parameters())


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor], prefix: str) -> bool:
    names = [name for name in one if name.startswith(prefix)]
    assert names
    return all(torch.allclose(one[name], other[name], atol=1e-6) for name in names)


def test_run_takes_backbone_and_the_classifier_of_its_classes(
    trained: Path, inputs: Inputs, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        outputs = inputs.train(tmp_path / "out", seed=5, start_from=str(trained), **STILL)
    found, expected = weights(outputs["model"]), weights(trained)
    assert same(found, expected, "encoder.")
    assert same(found, expected, "classifier.")
    assert f"start_from {trained}: took backbone and classifier" in caplog.text
    made = read_metadata(outputs["predictions"])["provenance"]
    digest = json.loads((trained / "config.json").read_text())["weights_sha256"]
    assert made["start_from"] == {"weights_sha256": digest}


def test_projection_head_is_taken_where_the_method_has_one(
    trained: Path, inputs: Inputs, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        run = STILL | {"method": "sau"}
        outputs = inputs.train(tmp_path / "out", seed=5, start_from=str(trained), **run)
        assert same(weights(outputs["model"]), weights(trained), "projection.")
        inputs.train(tmp_path / "x", start_from=str(trained), **run, projection_size=4)
    assert "took backbone and projection head and classifier" in caplog.text
    assert "took backbone and classifier; new: projection head" in caplog.text


def test_classes_in_another_order_keep_their_rows(
    trained: Path, inputs: Inputs, tmp_path: Path
) -> None:
    model = renamed(trained, tmp_path / "model", ["two", "zero", "one"])
    outputs = inputs.train(tmp_path / "out", start_from=str(model), **STILL)
    found, expected = weights(outputs["model"]), weights(trained)
    for name in ("classifier.weight", "classifier.bias"):
        assert torch.allclose(found[name], expected[name][[1, 2, 0]], atol=1e-6)


def test_other_classes_get_a_new_classifier(
    trained: Path, inputs: Inputs, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = renamed(trained, tmp_path / "model", ["ant", "bee", "cat"])
    with caplog.at_level(logging.INFO):
        outputs = inputs.train(tmp_path / "out", start_from=str(model), **STILL)
    found, expected = weights(outputs["model"]), weights(trained)
    assert same(found, expected, "encoder.")
    assert not same(found, expected, "classifier.")
    assert "took backbone; new: classifier" in caplog.text


def test_mean_and_deviation_are_those_that_the_network_knows(
    trained: Path, inputs: Inputs, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(trained, model)
    values = unsealed((model / "config.json").read_text())
    values["preprocessing"]["mean"] = [0.1, 0.2, 0.3]
    (model / "config.json").write_text(sealed_text(values))
    outputs = inputs.train(tmp_path / "out", start_from=str(model), **STILL)
    config = json.loads((outputs["model"] / "config.json").read_text())
    assert config["preprocessing"]["mean"] == [0.1, 0.2, 0.3]


def test_killed_run_ends_in_the_same_bytes(
    trained: Path, inputs: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes: dict[str, Any] = {"method": "cross_entropy", "start_from": str(trained)}
    assert_goes_on(inputs, tmp_path, monkeypatch, 1, epochs=2, **changes)


def test_run_is_another_with_other_weights_at_the_same_place(
    trained: Path, inputs: Inputs, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(trained, model)
    changes = {"method": "cross_entropy", "epochs": 1, "start_from": str(model)}
    first = bytes_of(inputs.train(tmp_path / "out", **changes))
    shutil.rmtree(model)
    shutil.copytree(inputs.train(tmp_path / "other", seed=9, epochs=1)["model"], model)
    assert bytes_of(inputs.train(tmp_path / "out", **changes)) != first


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"backbone": "resnet20"}, r"training.start_from: .*has backbone resnet8, but the run has"),
        ({"width": 8}, r"has width 4, but the run has 8; set width to 4"),
        ({"start_from": "no-model"}, r"training.start_from: no-model: no such folder"),
        ({"input_size": 16}, None),
    ],
)
def test_network_that_does_not_fit_is_one_line(
    changes: dict[str, Any], message: str | None, trained: Path, inputs: Inputs, tmp_path: Path
) -> None:
    values = {"start_from": str(trained)} | STILL | changes
    if message is None:  # another size is no matter where the weights fit and somebody has set it
        inputs.train(tmp_path / "out", **values)
        return
    with pytest.raises(UserError, match=message):
        inputs.train(tmp_path / "out", **values)
    assert not (tmp_path / "out" / "model").exists()


def test_two_beginnings_are_refused() -> None:
    with pytest.raises(UserError, match="training.start_from: x, but training.pretrained is yes"):
        TrainingSection(start_from="x", pretrained="yes", backbone="timm/test_vit", epochs=1)
