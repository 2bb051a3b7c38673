"""Models of the training stage, as tools load them: what is missing or odd is one line."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from sau.assets.trained_model import TrainedModel
from sau.core.errors import UserError
from sau.networks import Network, NetworkConfig
from sau.storage import manifest
from sau.storage.sealed import sealed_text, unsealed
from tests.preprocessing import preprocessing_of

PREPROCESSING = preprocessing_of(12, test_views="flip", precision="bfloat16")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    facts = {"class_names": ["ant", "bee"], "preprocessing": PREPROCESSING}
    Network(NetworkConfig("resnet8", 4, 2)).save_pretrained(folder, **facts)
    return folder


def changed(model: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Change what config.json says, and seal it again."""
    file = model / "config.json"
    values = unsealed(file.read_text())
    change(values)
    file.write_text(sealed_text(values))
    return model


def test_model_is_read_with_what_it_needs(model: Path) -> None:
    found = TrainedModel.load(model, "MODEL")
    assert found.class_names == ["ant", "bee"]
    assert found.preprocessing.to_mapping() == PREPROCESSING
    assert found.network.precision == torch.bfloat16
    assert not found.network.training
    assert found.provenance == {}
    assert found.weights_sha256 == json.loads((model / "config.json").read_text())["weights_sha256"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("preprocessing"), "lacks preprocessing; it was saved by an earlier"),
        (
            lambda c: (c.pop("class_names"), c.pop("preprocessing")),
            "lacks class_names and preprocessing",
        ),
        (lambda c: c["class_names"].append("cat"), "3 class names for 2 classes"),
        (lambda c: c["preprocessing"].pop("std"), "preprocessing: lacks std"),
        (lambda c: c["preprocessing"].update(std=[0.1, 0, 0.1]), "preprocessing: std.1: 0"),
        (lambda c: c["preprocessing"].update(size=[12]), "preprocessing: size:"),
        (lambda c: c["preprocessing"].update(view_set="cifra"), "did you mean 'cifar'?"),
        (lambda c: c["preprocessing"].update(meen=1), "unknown key; did you mean 'mean'?"),
        (lambda c: c.update(preprocessing=[]), "preprocessing: no object"),
        (lambda c: c.update(preprocessing=None), "preprocessing: no object"),
        (lambda c: c.update(class_names="ab"), "expected a list of 2 class names"),
        (lambda c: c.update(class_names=["a", 3]), "expected a list of 2 class names"),
    ],
)
def test_config_that_is_not_enough_is_one_line(
    change: Callable[[dict[str, Any]], object], message: str, model: Path
) -> None:
    with pytest.raises(UserError) as refused:
        TrainedModel.load(changed(model, change), "MODEL")
    assert message in str(refused.value)
    assert str(refused.value).startswith(f"MODEL: {model}")
    assert "\n" not in str(refused.value)


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    network = Network(NetworkConfig("resnet8", 4, 2))
    network.classifier.weight.data[0, 0] = torch.nan
    facts = {"class_names": ["ant", "bee"], "preprocessing": PREPROCESSING}
    network.save_pretrained(tmp_path / "model", **facts)
    with pytest.raises(UserError, match="not finite, classifier.weight"):
        TrainedModel.load(tmp_path / "model", "MODEL")


def test_damaged_file_is_one_line(model: Path) -> None:
    file = model / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(UserError, match="its hash is not the one in config.json"):
        TrainedModel.load(model, "MODEL")


def test_file_in_the_place_of_the_folder_is_refused(model: Path) -> None:
    with pytest.raises(UserError, match="config.json: a file; expected a folder"):
        TrainedModel.load(model / "config.json", "MODEL")


ODD = [None, True, -1, 1e30, "x", [], {"a": 1}, 10**30]


@pytest.mark.parametrize("inside", [None, "preprocessing"])
def test_odd_values_of_any_key_are_one_line_or_no_matter(inside: str | None, model: Path) -> None:
    config = unsealed((model / "config.json").read_text())
    keys = list(config if inside is None else config[inside])
    refused: list[str] = []
    for key in keys:
        for value in ODD:
            odd = {key: value} if inside is None else {inside: {**config[inside], key: value}}
            (model / "config.json").write_text(sealed_text(config | odd))
            try:
                TrainedModel.load(model, "MODEL")
            except UserError as error:
                refused.append(str(error))
    assert len(refused) > 3 * len(keys)
    assert not any("\n" in message for message in refused)


RUN = Path("sau", "imbalance-100", "data-seed-1", "seed-2", "model")
MADE_FOR = {"run": "sau", "requested_imbalance_factor": "100", "data_seed": 1, "seed": 2}


@pytest.mark.parametrize("inside", ["", "best_on_validation", "epoch-3"])
@pytest.mark.parametrize(
    ("fact", "other", "message"),
    [
        ("run", "ce", "lies where run sau belongs, but was made for ce"),
        (
            "requested_imbalance_factor",
            "10",
            "lies where requested imbalance factor 100 belongs, but was made for 10",
        ),
        ("data_seed", 0, "lies where data seed 1 belongs, but was made for 0"),
        ("seed", 0, "lies where seed 2 belongs, but was made for 0"),
    ],
)
def test_model_in_the_place_of_another_run_is_refused(
    fact: str, other: Any, message: str, inside: str, model: Path, tmp_path: Path
) -> None:
    place = tmp_path / RUN
    for folder in dict.fromkeys([place, place / inside]):
        shutil.copytree(model, folder)
        changed(folder, lambda config: config.update(provenance=MADE_FOR))
    assert TrainedModel.load(place / inside, "MODEL").provenance == MADE_FOR
    changed(place / inside, lambda config: config["provenance"].update({fact: other}))
    with pytest.raises(UserError) as raised:
        TrainedModel.load(place / inside, "MODEL")
    assert str(raised.value).startswith(f"{place}: {message}")


@pytest.mark.parametrize("fact", ["settings", "inputs"])
def test_model_beside_the_predictions_of_another_run_is_refused(fact: str, model: Path) -> None:
    made = {"settings": {"epochs": 3}, "inputs": {"members": ["a" * 64]}, "class_names": []}
    made["stage"] = "training"
    changed(model, lambda config: config.update(provenance=made))
    beside = model.parent / "predictions.parquet"
    empty = manifest.SCHEMAS["predictions"].empty_table()
    manifest.write(beside, "predictions", empty, made)
    assert TrainedModel.load(model, "MODEL").provenance == made
    changed(model, lambda config: config["provenance"].update({fact: {"epochs": 4}}))
    with pytest.raises(UserError) as raised:
        TrainedModel.load(model, "MODEL")
    told = f"{model}: the {fact} of its training differ from those of {beside}; put the right"
    assert str(raised.value).startswith(told)
    manifest.write(beside, "predictions", empty, made | {"stage": "evaluate"})
    assert TrainedModel.load(model, "MODEL").class_names == ["ant", "bee"]
    beside.write_text("of somebody else")
    assert TrainedModel.load(model, "MODEL").class_names == ["ant", "bee"]


def test_provenance_that_is_none_is_no_matter(model: Path, tmp_path: Path) -> None:
    shutil.copytree(model, tmp_path / RUN)
    changed(tmp_path / RUN, lambda config: config.update(provenance="mine"))
    assert TrainedModel.load(tmp_path / RUN, "MODEL").class_names == ["ant", "bee"]
