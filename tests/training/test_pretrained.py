"""Runs of the training stage on pretrained backbones, of any optimizer and method."""

from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import load_file

from sau.core.errors import UserError
from sau.engine.settings import TrainingSettings
from sau.methods.registry import method_names
from sau.networks import Network
from sau.pipeline.training.settings import TrainingSection
from sau.storage.manifest import read_metadata
from tests.training.conftest import Inputs, assert_goes_on, bytes_of

VIT: dict[str, Any] = {"backbone": "timm/test_vit", "width": None, "input_size": 32, "epochs": 2}
CNN: dict[str, Any] = {"backbone": "timm/test_efficientnet", "width": None, "input_size": 32}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return folders of random models that timm has written, by the names of their backbones."""
    made = {}
    for name in ("test_vit", "test_efficientnet"):
        folder = tmp_path_factory.mktemp("timm") / name
        torch.manual_seed(0)
        model = timm.create_model(name, pretrained_cfg_overlay={"mean": (0.1, 0.2, 0.3)})
        timm.models.save_for_hf(model, str(folder), safe_serialization=True)
        made[f"timm/{name}"] = str(folder)
    return made


RECIPES: dict[str, dict[str, Any]] = {
    "AdamW with layer decay": VIT
    | {"optimizer": "adamw", "layer_decay": 0.5, "backbone_learning_rate": 0.1},
    "LoRA with an average, then a classifier": VIT
    | {
        "lora_rank": 2,
        "optimizer": "adamw",
        "ema_decay": 0.5,
        "second_stage": {"epochs": 1, "trained": "classifier"},
    },
    "a frozen backbone with SWA": CNN
    | {"freeze": "backbone", "optimizer": "muon", "swa_from": 1, "epochs": 2},
    "LIFT": VIT
    | {
        "method": "logit_adjustment",
        "data": "real",
        "lora_rank": 2,
        "classifier": "cosine",
        "classifier_start": "class_means",
    },
}


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_run_goes_on_bit_for_bit(
    name: str,
    inputs: Inputs,
    folders: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changes = RECIPES[name]
    changes = changes | {"pretrained": folders[changes["backbone"]]}
    assert_goes_on(inputs, tmp_path, monkeypatch, 1, **changes)


def test_frozen_backbone_keeps_its_weights(
    inputs: Inputs, folders: dict[str, str], tmp_path: Path
) -> None:
    """And its BatchNorm statistics, while SAU's heads learn; the folder alone loads again."""
    changes = {**CNN, "pretrained": folders[CNN["backbone"]], "freeze": "backbone", "epochs": 1}
    outputs = inputs.train(tmp_path, method="sau", **changes)
    network = Network.from_pretrained(outputs["model"])
    own = network.encoder.network.state_dict()  # type: ignore[union-attr]
    given = load_file(Path(folders[CNN["backbone"]]) / "model.safetensors")
    assert all(torch.equal(value, given[name]) for name, value in own.items())
    facts = read_metadata(outputs["predictions"])["provenance"]
    assert facts["mean"] == [0.1, 0.2, 0.3]
    assert facts["pretrained"]["source"] == "the folder test_efficientnet"
    assert facts["input_size"] == network.config.input_size == 32
    heads = sum(p.numel() for n, p in network.named_parameters() if not n.startswith("encoder"))
    assert facts["parameters_trained"] == heads


def test_other_weights_train_again(inputs: Inputs, folders: dict[str, str], tmp_path: Path) -> None:
    """A run takes back results of one like it, but not those of other weights in the same file."""
    state = load_file(Path(folders["timm/test_vit"]) / "model.safetensors")
    runs = []
    for change in (0.0, 0.5):
        torch.save({k: v + change for k, v in state.items()}, tmp_path / "weights.pth")
        changes = VIT | {"pretrained": str(tmp_path / "weights.pth"), "epochs": 1}
        runs.append(bytes_of(inputs.train(tmp_path / "run", method="cross_entropy", **changes)))
    assert runs[0]["model.safetensors"] != runs[1]["model.safetensors"]


@pytest.mark.slow
@pytest.mark.parametrize("method", method_names())
def test_every_method_trains_on_it(method: str, inputs: Inputs, folders: dict[str, str]) -> None:
    from sau.engine.loop import train_epoch

    if method == "max_norm":  # a second phase alone
        pytest.skip("needs a phase before it")
    run = inputs.assemble(
        method=method, pretrained=folders["timm/test_vit"], optimizer="adamw", **VIT
    )
    losses = train_epoch(run, run.phases[0], 1)
    assert isinstance(losses, dict)
    assert all(torch.isfinite(torch.tensor(value)) for value in losses.values())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"backbone": "resnet33"}, r"training\.backbone: 'resnet33' must be one of .*timm/NAME"),
        ({"backbone": "timm/x", "width": 16}, r"training\.width: 16, but timm/x says it by its na"),
        ({"pretrained": "yes"}, r"training\.pretrained: yes, but training\.backbone is resnet32"),
        ({"lora_rank": 4}, r"training\.lora_rank: 4, but training\.backbone is resnet32"),
        (
            {"backbone": "timm/x", "freeze": "backbone", "lora_rank": 4},
            r"training\.lora_rank: 4 has no effect with training\.freeze backbone",
        ),
        (
            {"freeze": "backbone", "backbone_learning_rate": 0.1},
            r"training\.backbone_learning_rate: 0\.1 has no effect with training\.freeze",
        ),
        (
            {"backbone": "timm/x", "sync_batch_norm": True, "processes": 2},
            r"training\.sync_batch_norm: true, but the layers of timm/x cannot share rows",
        ),
        (
            {"backbone": "timm/x", "classifier": "cosine", "classifier_start": "class_means"},
            r"training\.classifier_start: class_means, but training\.pretrained is no",
        ),
    ],
)
def test_settings_that_do_not_fit_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=f"^{message}"):
        TrainingSection(**changes)


def test_words_of_yaml_are_words() -> None:
    for value, expected in ((True, "yes"), (False, "no"), ("true", "yes"), ("no", "no")):
        made = TrainingSettings(backbone="timm/x", pretrained=value)
        assert made.pretrained == expected
    assert TrainingSettings(backbone="timm/x").channels() == 0


def test_images_that_a_transformer_cannot_have_are_refused(inputs: Inputs) -> None:
    """Of 8 pixels, less than one patch."""
    with pytest.raises(UserError, match=r"^training\.(input_size: 8, but|backbone: .* 8 pixels)"):
        inputs.assemble(backbone="timm/test_vit", width=None)


def test_method_with_a_classifier_of_its_own_takes_no_other(inputs: Inputs) -> None:
    with pytest.raises(UserError, match=r"^training\.classifier: cosine, but ldam_drw or its seco"):
        inputs.assemble(method="ldam_drw", classifier="cosine")
