"""Networks of a pipeline get all of their weights from its files, or the pipeline is refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import CLIPTextModel, T5Config, T5EncoderModel

from sau.assets.pipeline_networks import load_networks
from sau.assets.shipped import ASSETS
from sau.core.errors import UserError
from sau.pipeline.images.load import load_generator
from sau.pipeline.images.settings import ImagesSettings
from tests.pipeline.images.tiny_diffusers import save_tiny_pipeline, tiny_checker

CPU = torch.device("cpu")
State = dict[str, Tensor]

PARTS = {
    "unet": "conv_in.weight",
    "vae": "decoder.conv_out.bias",
    "text_encoder": "final_layer_norm.weight",
    "safety_checker": "concept_embeds_weights",
}
"""A weight of each network."""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny pipeline with a safety checker."""
    folder = Path(save_tiny_pipeline(tmp_path_factory.mktemp("diffusers") / "model"))
    tiny_checker().save_pretrained(folder / "safety_checker")
    index = json.loads((folder / "model_index.json").read_text())
    index["safety_checker"] = ["stable_diffusion", "StableDiffusionSafetyChecker"]
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return shutil.copytree(saved, tmp_path / "model")


def load(folder: Path) -> dict[str, object]:
    return load_networks(folder, torch.float32, f"images.model: {folder} does not load")


def change(folder: Path, part: str, changed: Callable[[State], State]) -> None:
    """Change the weights of a part in its file."""
    (path,) = (folder / part).glob("*.safetensors")
    weights = load_file(path)
    name = next(name for name in weights if name.endswith(PARTS[part]))
    save_file(weights | changed({name: weights.pop(name)}), path, {"format": "pt"})


def refused(folder: Path, message: str) -> None:
    with pytest.raises(UserError, match=f"images.model: .* does not load: {message}") as raised:
        load(folder)
    assert "\n" not in str(raised.value)


def test_networks_of_a_model_are_all_loaded(folder: Path) -> None:
    assert load(folder).keys() == PARTS.keys()


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (lambda own: {}, "lacks the weights .*{name}"),
        (lambda own: {**own, "lora_A.weight": torch.zeros(1)}, "has weights for which .*lora_A"),
        (lambda own: {name: one[:-1].clone() for name, one in own.items()}, ""),
        (lambda own: {name: one * torch.nan for name, one in own.items()}, "has .* not finite"),
        (lambda own: {name: one - torch.inf for name, one in own.items()}, "has .* not finite"),
    ],
    ids=["missing", "unexpected", "shape", "nan", "inf"],
)
def test_weights_that_are_not_a_networks_are_refused(
    folder: Path, part: str, changed: Callable[[State], State], message: str
) -> None:
    change(folder, part, changed)
    refused(folder, f"{part}.*{message.format(name=PARTS[part])}")


@pytest.mark.parametrize("part", PARTS)
def test_empty_files_of_weights_are_refused(folder: Path, part: str) -> None:
    (path,) = (folder / part).glob("*.safetensors")
    save_file({}, path, {"format": "pt"})
    refused(folder, f"{part} lacks the weights ")


@pytest.mark.parametrize("kind", [UNet2DConditionModel, CLIPTextModel])
def test_weight_that_a_part_of_the_files_lacks_is_refused(folder: Path, kind: type) -> None:
    """The index still says that it is there."""
    part = {UNet2DConditionModel: "unet", CLIPTextModel: "text_encoder"}[kind]
    network = kind.from_pretrained(folder / part)
    shutil.rmtree(folder / part)
    network.save_pretrained(folder / part, max_shard_size="8KB")
    assert load(folder).keys() == PARTS.keys()
    shard = max((folder / part).glob("*.safetensors"))
    weights = load_file(shard)
    weights.pop(min(weights))
    save_file(weights, shard, {"format": "pt"})
    settings = ImagesSettings(source="diffusers", model=str(folder), steps="1")
    message = rf"{part}/.*safetensors lacks weights, 1 of them|{part} lacks the weights "
    with pytest.raises(UserError, match=message):
        load_generator(settings, CPU)


def test_names_and_tables_of_earlier_versions_are_taken(folder: Path) -> None:
    """As Stable Diffusion's published files have them."""
    (path,) = (folder / "text_encoder").glob("*.safetensors")
    before = load_file(path)
    former = {f"text_model.{name.removeprefix('text_model.')}": before[name] for name in before}
    former["text_model.embeddings.position_ids"] = torch.arange(12)[None]
    save_file(former, path, {"format": "pt"})
    (checker,) = (folder / "safety_checker").glob("*.safetensors")
    table = {"vision_model.vision_model.embeddings.position_ids": torch.arange(5)[None]}
    save_file(load_file(checker) | table, checker, {"format": "pt"})
    loaded = load(folder)["text_encoder"]
    assert isinstance(loaded, torch.nn.Module)
    found = {name.removeprefix("text_model."): one for name, one in loaded.state_dict().items()}
    assert all(
        torch.equal(found[name.removeprefix("text_model.")], one) for name, one in before.items()
    )


def test_weights_that_are_tied_may_be_saved_once(folder: Path) -> None:
    config = T5Config(vocab_size=64, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    shutil.rmtree(folder / "text_encoder")
    T5EncoderModel(config).save_pretrained(folder / "text_encoder")
    index = json.loads((folder / "model_index.json").read_text())
    index["text_encoder"] = ["transformers", "T5EncoderModel"]
    (folder / "model_index.json").write_text(json.dumps(index))
    (path,) = (folder / "text_encoder").glob("*.safetensors")
    assert len([name for name in load_file(path) if "shared" in name or "embed" in name]) == 1
    assert load(folder).keys() == PARTS.keys()


@pytest.mark.parametrize("part", ["unet", "text_encoder"])
def test_glide_that_lacks_a_weight_is_refused(tmp_path: Path, part: str) -> None:
    folder = shutil.copytree(ASSETS / "tiny-glide", tmp_path / "glide")
    (path,) = (folder / part).glob("*.safetensors")
    weights = load_file(path)
    name = min(weights)
    del weights[name]
    save_file(weights, path, {"format": "pt"})
    with pytest.raises(UserError, match=f"GlidePipeline: {part} lacks the weights {name}"):
        load_generator(ImagesSettings(source="glide", model=str(folder)), CPU)


def test_glide_of_pickles_is_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(ASSETS / "tiny-glide", tmp_path / "glide")
    path = folder / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save(load_file(path), path.with_suffix(".bin"))
    path.unlink()
    with pytest.raises(UserError, match="does not load as GlidePipeline: unet: "):
        load_generator(ImagesSettings(source="glide", model=str(folder)), CPU)
