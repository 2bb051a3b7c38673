"""Backbones of other libraries that training would refuse are refused before the first job."""

from pathlib import Path
from typing import Any

import pytest
import timm

from sau.config import check_backbones, load
from sau.core.errors import UserError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder as timm writes it, of a vision transformer for 160 pixels."""
    folder = tmp_path_factory.mktemp("timm") / "vit"
    model = timm.create_model("test_vit", num_classes=5)
    timm.models.save_for_hf(model, str(folder), safe_serialization=True)
    return folder


def check(**settings: Any) -> None:
    row = {"method": "cross_entropy", "data": "real"} | settings
    check_backbones(load({"experiment": {}, "dataset": {}, "training": {"runs": {"mine": row}}}))


def test_backbones_that_can_be_had_are_taken(folder: Path) -> None:
    check(backbone="resnet8")
    check(backbone="timm/test_vit", pretrained=str(folder), lora_rank=2)
    check(backbone="timm/test_vit", pretrained=str(folder), input_size=64)
    check(backbone="timm/test_vit.r160_in1k", pretrained="yes")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"backbone": "timm/test_vot"}, r"backbone: timm/test_vot: .* no such model"),
        ({"backbone": "timm/test_vit", "input_size": 50}, "input_size: 50, but timm/test_vit"),
        ({"backbone": "timm/test_resnet", "lora_rank": 2}, "lora_rank: 2, .* has no attention"),
        (
            {"backbone": "open_clip/ViT-B-32", "pretrained": "yes"},
            "pretrained: yes, but backbone open_clip/ViT-B-32 does not say which weights",
        ),
        ({"backbone": "open_clip/ViT-B-23"}, "backbone: open_clip/ViT-B-23: open_clip has no"),
    ],
)
def test_backbone_that_training_would_refuse_is_refused(
    settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=rf"^training\.runs\.mine: training\.{message}"):
        check(**settings)


def test_folder_of_another_model_is_refused(folder: Path) -> None:
    with pytest.raises(UserError, match=r"config\.json is of 'test_vit', but backbone is timm/tes"):
        check(backbone="timm/test_resnet", pretrained=str(folder))
