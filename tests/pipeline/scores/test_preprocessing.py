"""Pixels as the weights want them, in whatever form they come."""

import json

import open_clip
import pytest
import torch

from sau.core.errors import UserError
from sau.pipeline.scores import load
from sau.pipeline.scores.load import load_model
from sau.pipeline.scores.preprocessing import KEYS, of_architecture, of_folder, of_tag

CPU = torch.device("cpu")
OPENAI = {
    "mean": open_clip.OPENAI_DATASET_MEAN,
    "std": open_clip.OPENAI_DATASET_STD,
    "interpolation": "bicubic",
    "resize_mode": "shortest",
}
TAGGED = [
    *[
        ("MobileCLIP-S1", "datacompdr"),
        ("MobileCLIP2-S0", "dfndr2b"),
        ("MobileCLIP2-L-14", "dfndr2b"),
    ],
    *[("ViT-B-16-SigLIP", "webli"), ("ViT-SO400M-16-SigLIP2-256", "webli")],
    *[("PE-Core-T-16-384", "meta"), ("ViT-L-14-CLIPA", "datacomp1b")],
    *[("EVA02-B-16", "merged2b_s8b_b131k"), ("ViTamin-S", "datacomp1b"), ("ViT-B-32", "openai")],
    *[("nllb-clip-base-siglip", "v1"), ("ViT-H-14-378", "dfn5b"), ("RN50x4", "openai")],
]


@pytest.mark.parametrize(("model", "tag"), TAGGED)
def test_file_of_a_named_model_is_prepared_as_its_published_weights(model, tag):
    published = open_clip.get_pretrained_cfg(model, tag)
    assert of_architecture(model) == of_tag(model, tag) == {key: published[key] for key in KEYS}


@pytest.mark.parametrize(("model", "tag"), TAGGED)
def test_folder_that_says_nothing_is_prepared_as_weights_of_the_same_tower(model, tag):
    assert of_folder({"model_cfg": open_clip.get_model_config(model)}) == of_tag(model, tag)


@pytest.mark.parametrize("model", ["ViT-S-32-alt", "convnext_tiny", "ViT-L-14-280"])
def test_models_without_published_weights_are_prepared_as_open_clip_trains_them(model):
    assert of_architecture(model) == OPENAI


@pytest.mark.parametrize(
    ("model", "said"),
    [("ViT-L-14", "mean may be"), ("ViT-H-14", "resize_mode may be shortest or squash")],
)
def test_file_whose_published_weights_differ_is_refused_till_it_is_said(tmp_path, model, said):
    (tmp_path / "c.pt").write_bytes(b"weights")
    with pytest.raises(UserError, match=rf"scores.trained_as: empty, but .*{said}.* name the tag"):
        load_model(model, str(tmp_path / "c.pt"), CPU)


@pytest.mark.parametrize(("tag", "quick"), [("laion2b_s32b_b82k", False), ("openai", True)])
def test_tag_that_is_said_gives_preprocessing_and_activation(tmp_path, monkeypatch, tag, quick):
    """Building ViT-L-14 takes too long for a test; what it would be built with is looked at."""
    asked = {}

    def no_model(name, **options):
        asked.update(options)
        raise OSError("too large")

    (tmp_path / "c.pt").write_bytes(b"weights")
    monkeypatch.setattr(load, "_without_weights", no_model)
    with pytest.raises(UserError, match="too large"):
        load_model("ViT-L-14", str(tmp_path / "c.pt"), CPU, tag)
    assert asked == {"force_quick_gelu": quick}
    assert of_tag("ViT-L-14", tag)["mean"][0] == (0.48145466 if quick else 0.5)


@pytest.mark.parametrize(
    ("model", "pretrained", "tag", "message"),
    [
        ("ViT-B-32", "openai", "openai", "'openai'; leave it empty beside a tag"),
        ("ViT-B-32", "FILE", "opnai", r"'opnai'; expected a tag of ViT-B-32 \(openai, "),
        ("tiny-clip", "", "openai", "'openai', but the folder .* brings weights of its own"),
    ],
)
def test_tags_that_say_nothing_are_refused(tmp_path, model, pretrained, tag, message):
    (tmp_path / "c.pt").write_bytes(b"weights")
    pretrained = pretrained.replace("FILE", str(tmp_path / "c.pt"))
    with pytest.raises(UserError, match=f"scores.trained_as: {message}"):
        load_model(model, pretrained, CPU, tag)


def test_folder_is_prepared_as_it_says():
    stated = {"mean": [0, 0, 0], "std": [1, 1, 1], "interpolation": "bilinear"}
    found = of_folder({"model_cfg": {"vision_cfg": {"layers": 1}}, "preprocess_cfg": stated})
    assert found == {**stated, "mean": (0, 0, 0), "std": (1, 1, 1), "resize_mode": "shortest"}


def test_folder_that_says_half_has_the_rest_from_weights_that_agree_with_it():
    tower = {"model_cfg": open_clip.get_model_config("ViT-L-14")}
    half = {"mean": [0.5] * 3}
    assert of_folder({**tower, "preprocess_cfg": half})["std"] == (0.5, 0.5, 0.5)
    with pytest.raises(ValueError, match="mean may be"):
        of_folder(tower)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"interpolation": "lanczos"}, "interpolation is 'lanczos', expected one of bicubic"),
        ({"resize_mode": "crop"}, "resize_mode is 'crop'"),
        ({"mean": [0.5]}, "mean is .* expected three numbers"),
        ({"mean": 0.5}, "mean is 0.5"),
        ({"std": [0.5, 0, 0.5]}, "std is "),
        ({"mean": [float("nan")] * 3}, "mean is "),
        ({"std": ["1"] * 3}, "std is "),
    ],
)
def test_folder_that_says_nonsense_is_one_line(tmp_path, small_model, stated, message):
    config = json.loads((small_model / "open_clip_config.json").read_text())
    (tmp_path / "open_clip_config.json").write_text(
        json.dumps({**config, "preprocess_cfg": stated})
    )
    (tmp_path / "open_clip_model.safetensors").write_bytes(b"")
    with pytest.raises(UserError, match=f"does not load in open_clip: ValueError: {message}"):
        load_model(str(tmp_path), "", CPU)
