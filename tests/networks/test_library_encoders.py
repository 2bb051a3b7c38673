"""Encoders of timm and open_clip: those libraries' own networks."""

from pathlib import Path

import open_clip
import pytest
import timm
import torch
from torch import Generator

from sau.engine.backbone_names import CIFAR, LIBRARIES, TORCHVISION, is_backbone
from sau.networks import Network, NetworkConfig, encoder, feature_size
from sau.networks.encoder import make_encoder


def test_names_are_those_that_encoders_are_built_from() -> None:
    assert set(TORCHVISION) == set(encoder.TORCHVISION)
    assert set(LIBRARIES) == set(encoder.LIBRARIES)
    assert all(feature_size(name, 2) == 8 for name in CIFAR)
    assert is_backbone("timm/vit_base_patch16_clip_224.openai")
    assert not any(map(is_backbone, ("timm/", "timm", "keras/resnet50", "timm/../x", "resnet33")))


@pytest.mark.parametrize("name", ["test_efficientnet", "test_vit"])
def test_scores_are_those_of_timms_own_network(name: str, generator: Generator) -> None:
    config = NetworkConfig(f"timm/{name}", 0, 7, input_size=32)
    network = Network(config, seed=1).eval()
    size = {"img_size": 32} if name == "test_vit" else {}
    whole = timm.create_model(name, num_classes=7, **size).eval()
    head = whole.pretrained_cfg["classifier"]
    weights = {
        key.removeprefix("encoder.network.").replace("classifier.", f"{head}."): value
        for key, value in network.state_dict().items()
    }
    whole.load_state_dict(weights)
    images = torch.randn(2, 3, 32, 32, generator=generator)
    torch.testing.assert_close(network(images), whole(images))


def test_feature_size_is_that_behind_the_last_layer() -> None:
    """MobileNetV3 has one more layer, without which it has 288 features."""
    assert feature_size("timm/mobilenetv3_small_050", 0) == 1024


def test_seed_alone_decides_the_weights_of_timm() -> None:
    before = torch.get_rng_state()
    config = NetworkConfig("timm/test_resnet", 0, 3)
    states = [Network(config, seed).state_dict() for seed in (1, 1, 2)]
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert not torch.equal(
        states[0]["encoder.network.conv1.0.weight"], states[2]["encoder.network.conv1.0.weight"]
    )


def test_tower_is_open_clips_image_encoder(open_clip_folder: Path, generator: Generator) -> None:
    network = Network(NetworkConfig(f"open_clip/{open_clip_folder.name}", 0, 3)).eval()
    whole = open_clip.create_model(open_clip_folder.name, load_weights=False).eval()
    start = "encoder.network."
    weights = {k: v for k, v in network.state_dict().items() if k.startswith(start)}
    whole.visual.load_state_dict({k.removeprefix(start): v for k, v in weights.items()})
    images = torch.randn(2, 3, 24, 24, generator=generator)
    torch.testing.assert_close(network.features(images), whole.encode_image(images))


@pytest.mark.parametrize(
    ("backbone", "message"),
    [
        ("timm/test_vitt", r"^backbone: timm/test_vitt: timm .* no such model \(did you mean"),
        ("timm/resnet18.nowhere", r"^backbone: timm/resnet18\.nowhere: Invalid.*resnet18\.a1_in1k"),
        ("open_clip/ViT-B-33", r"^backbone: open_clip/ViT-B-33: open_clip has no model ViT-B-33"),
        ("open_clip/ViT-B-32.a", r"^backbone: open_clip/ViT-B-32\.a: no such tag; .*openai"),
    ],
)
def test_unknown_model_is_refused(backbone: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_encoder(backbone, 0)


def test_layers_of_a_transformer_go_from_its_images_to_its_last_norm(
    open_clip_folder: Path,
) -> None:
    of_timm = make_encoder("timm/test_vit", 0, 32)
    places = of_timm.layers()  # type: ignore[operator]
    assert set(places) == {name for name, _ in of_timm.named_parameters()}
    assert places["network.patch_embed.proj.weight"] == 0
    blocks = [places[f"network.blocks.{n}.attn.qkv.weight"] for n in range(6)]
    assert blocks == list(range(1, 7))
    assert places["network.norm.weight"] == max(places.values())
    of_open_clip = make_encoder(f"open_clip/{open_clip_folder.name}", 0)
    places = of_open_clip.layers()  # type: ignore[operator]
    assert set(places) == {name for name, _ in of_open_clip.named_parameters()}
    names = ("conv1.weight", "transformer.resblocks.0.mlp.c_fc.bias", "proj")
    assert places["network.conv1.weight"] == places["network.positional_embedding"] == 0
    assert [places[f"network.{name}"] for name in names] == sorted(
        places[f"network.{name}"] for name in names
    )
    assert places["network.transformer.resblocks.1.ln_1.bias"] == 2
