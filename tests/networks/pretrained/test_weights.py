"""Weights that come from outside: found, checked, and loaded whole."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from sau.core.errors import ArgumentError
from sau.networks.encoder import make_encoder
from sau.networks.pretrained import Pixels, find_weights, load_weights

STEM = "patch_embed.proj.weight"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder as timm writes it: five classes, its own mean, deviation and size."""
    folder = tmp_path_factory.mktemp("timm") / "model"
    torch.manual_seed(0)
    stated = {"mean": (0.1, 0.2, 0.3), "interpolation": "bilinear", "input_size": (3, 48, 48)}
    model = timm.create_model("test_vit", num_classes=5, img_size=48, pretrained_cfg_overlay=stated)
    timm.models.save_for_hf(model, str(folder), safe_serialization=True)
    return folder


def changed(folder: Path, path: Path, change: Callable[[dict[str, Tensor]], None]) -> Path:
    """Write the folder's weights, changed, to a file."""
    state = load_file(folder / "model.safetensors")
    change(state)
    save_file(state, path)
    return path


def loaded(pretrained: Path | str, side: int = 48, backbone: str = "timm/test_vit") -> Tensor:
    """Return the stem of an encoder that has loaded weights."""
    encoder = make_encoder(backbone, 0, side)
    load_weights(encoder, backbone, find_weights(backbone, str(pretrained)))
    state: dict[str, Tensor] = encoder.get_submodule("network").state_dict()
    return state[STEM]


def test_folder_says_how_its_weights_want_images(folder: Path) -> None:
    found = find_weights("timm/test_vit", str(folder))
    assert found.pixels == Pixels(
        mean=(0.1, 0.2, 0.3), std=(0.5, 0.5, 0.5), size=48, interpolation="bilinear"
    )
    assert found.source == "the folder model"
    assert torch.equal(loaded(folder), load_file(folder / "model.safetensors")[STEM])


@pytest.mark.parametrize("wrapped", [False, True])
def test_pickled_file_is_loaded_without_running_it(
    wrapped: bool, folder: Path, tmp_path: Path
) -> None:
    """With names that data-parallel training has changed, beside other things."""
    state = load_file(folder / "model.safetensors")
    content = {"epoch": 3, "state_dict": {f"module.{k}": v for k, v in state.items()}}
    torch.save(content if wrapped else state, tmp_path / "weights.pth")
    assert torch.equal(loaded(tmp_path / "weights.pth"), state[STEM])


def test_positions_are_resized_to_the_images(folder: Path) -> None:
    assert torch.equal(loaded(folder, side=32), loaded(folder))


def test_tower_gets_the_image_weights_of_a_whole_clip(open_clip_folder: Path) -> None:
    backbone = f"open_clip/{open_clip_folder.name}"
    found = find_weights(backbone, str(open_clip_folder))
    assert (found.pixels.mean, found.pixels.size) == ((0.4, 0.5, 0.6), 24)
    for side in (24, 32):  # of which only the positions depend
        encoder = make_encoder(backbone, 0, side)
        load_weights(encoder, backbone, found)
        expected = load_file(found.path)["visual.conv1.weight"]
        assert torch.equal(encoder.get_submodule("network").conv1.weight, expected)  # type: ignore[union-attr]


def _nan(state: dict[str, Tensor]) -> None:
    state[STEM][0] = float("nan")


def _wide(state: dict[str, Tensor]) -> None:
    state["blocks.0.mlp.fc1.bias"] = torch.zeros(9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.pop(STEM), "lacks the weights patch_embed.proj.weight"),
        (lambda state: state.update(extra=torch.zeros(1)), "for which the network has no place, e"),
        (_wide, "unlike the network's, blocks.0.mlp.fc1.bias 9 instead of"),
        (_nan, "not finite, patch_embed.proj.weight"),
    ],
)
def test_weights_that_do_not_fit_are_refused(
    change: Callable[[dict[str, Tensor]], None], message: str, folder: Path, tmp_path: Path
) -> None:
    path = changed(folder, tmp_path / "other.safetensors", change)
    with pytest.raises(ArgumentError, match=rf"^pretrained: other\.safetensors .*{message}"):
        loaded(path)


class Runs:
    """What asks to run code when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[..., int], tuple[str]]:
        import os

        return os.system, ("true",)


def test_file_that_asks_for_code_or_is_no_weights_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    torch.save({"a": Runs()}, path)
    with pytest.raises(ArgumentError, match=r"^pretrained: w\.pth: .*could run code"):
        loaded(path)
    torch.save([1, 2], path)
    with pytest.raises(ArgumentError, match=r"^pretrained: w\.pth holds no weights"):
        loaded(path)
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    with pytest.raises(ArgumentError, match=r"^pretrained: w\.pth is a pointer of Git LFS"):
        loaded(path)
    with pytest.raises(ArgumentError, match=r"^pretrained: no/where is neither a file nor a fold"):
        loaded("no/where")


def test_folder_of_another_model_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"config\.json is of 'test_vit', but backbone is tim"):
        find_weights("timm/test_resnet", str(folder))
    with pytest.raises(ArgumentError, match=r"^pretrained: .*config\.json is not there"):
        find_weights("timm/test_vit", str(tmp_path))
    (tmp_path / "model.safetensors").touch()
    (tmp_path / "config.json").write_text(json.dumps({"architecture": "test_vit"}))
    with pytest.raises(ArgumentError, match="do not say how they want their images: mean is None"):
        find_weights("timm/test_vit", str(tmp_path))
