"""Which classes are drawn with what was learned of them, and which are left alone."""

from pathlib import Path
from typing import Any

import pytest

from sau.core.errors import UserError
from sau.pipeline.images.learned import with_learned
from sau.pipeline.images.per_class import set_by_label
from sau.pipeline.images.setting_checks import check_lora_scale
from sau.pipeline.images.settings import ImagesSettings
from sau.pipeline.images.wanted import identity_of_pictures
from sau.pipeline.personalised import Learned

NAMES = ["zero", "one"]
WEIGHTS = {("m", ""): "w", ("renamed", ""): "w", ("m", "abc"): "x", ("other", ""): "y"}
"""Hashes of models by name and revision."""


def weights_of(settings: ImagesSettings) -> str:
    return WEIGHTS[settings.model, settings.revision]


def drawn(**settings: Any) -> dict[str, ImagesSettings]:
    """Return each class's settings after LoRA weights were learned with the model called m."""
    section = ImagesSettings(**{"source": "diffusers", "model": "m", **settings})
    learned = {
        name: Learned("lora", Path(f"{name}.safetensors"), "m", "w", {"method": "lora"})
        for name in NAMES
    }
    found = with_learned(set_by_label(section, NAMES), learned, NAMES, section, weights_of)
    return {name: found[label] for label, name in enumerate(NAMES)}


def loras(**settings: Any) -> list[str]:
    return [one.lora for one in drawn(**settings).values()]


@pytest.mark.parametrize("model", ["m", "renamed"])
def test_model_is_known_by_its_weights_whatever_it_is_called(model: str) -> None:
    assert loras(model=model) == ["zero.safetensors", "one.safetensors"]


@pytest.mark.parametrize("own", [{"revision": "abc"}, {"model": "other"}])
def test_class_of_other_weights_is_left_alone(own: dict[str, str]) -> None:
    assert loras(per_class={"zero": own}) == ["", "one.safetensors"]


@pytest.mark.parametrize(
    "own", [{"lora": ""}, {"lora": "mine.safetensors"}, {"embedding": "mine.safetensors"}]
)
def test_class_that_names_files_or_none_is_left_alone(own: dict[str, str]) -> None:
    assert loras(per_class={"zero": own}) == [own.get("lora", ""), "one.safetensors"]


@pytest.mark.parametrize(
    "settings",
    [{"model": "other"}, {"revision": "abc"}, {"per_class": {n: {"lora": ""} for n in NAMES}}],
)
def test_what_serves_no_class_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="with the weights of m is for no class that is drawn") as e:
        drawn(**settings)
    assert "\n" not in str(e.value)


def test_shards_that_lack_a_class_are_refused() -> None:
    section = ImagesSettings(source="diffusers", model="m")
    learned = {"zero": Learned("lora", Path("z"), "m", "w", {})}
    with pytest.raises(UserError, match="nothing was learned of class 'one'; give the folders"):
        with_learned(set_by_label(section, NAMES), learned, NAMES, section, weights_of)


def test_factor_counts_for_what_was_learned() -> None:
    assert {one.lora_scale for one in drawn(lora_scale=0.5).values()} == {0.5}


@pytest.mark.parametrize(
    ("settings", "learned", "path"),
    [
        ({"lora_scale": 0.5}, True, ""),
        ({"lora_scale": 0.5}, False, "images.lora_scale"),
        ({"lora_scale": 0.5, "per_class": {"one": {"lora": "a"}}}, False, ""),
        ({"lora_scale": 0.5, "lora": "a", "per_class": {"one": {"lora": ""}}}, False, ""),
        ({"per_class": {"one": {"lora_scale": 0.5}}}, True, ""),
        ({"per_class": {"one": {"lora_scale": 0.5}}}, False, "images.per_class.one.lora_scale"),
        ({"per_class": {"one": {"lora_scale": 2, "lora": ""}}}, True, "images.per_class.one"),
    ],
)
def test_factor_without_weights_is_refused(
    settings: dict[str, Any], learned: bool, path: str
) -> None:
    section = ImagesSettings(**{"source": "diffusers", "model": "m", **settings})
    if not path:
        check_lora_scale(section, learned=learned)
        return
    with pytest.raises(UserError, match=f"^{path}.*has no effect without LoRA weights"):
        check_lora_scale(section, learned=learned)


def test_picture_depends_on_what_own_files_hold_and_not_on_where_they_are() -> None:
    made = {"code": {}, "versions": {}}

    def identity(file: str, digest: str, **settings: Any) -> str:
        one = ImagesSettings(source="diffusers", model="m", lora=file, **settings)
        return identity_of_pictures(one, {"lora_sha256": digest}, made)

    first = identity("shard-0/one.safetensors", "a")
    assert identity("shard-1/one.safetensors", "a") == first
    assert identity("shard-0/one.safetensors", "b") != first
    assert identity("shard-0/one.safetensors", "a", lora_scale=0.5) != first
