"""Generators of single classes."""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch

from sau.core.errors import UserError
from sau.pipeline.images import generate
from sau.pipeline.images.image_generator import ImageGenerator
from sau.pipeline.images.load import load_generator
from sau.pipeline.images.named_paths import models
from sau.pipeline.images.settings import ImagesSettings
from sau.storage import manifest
from tests.pipeline.images.conftest import Inputs, pixels, rows_of
from tests.pipeline.images.tiny_diffusers import save_tiny_pipeline

OTHER = {"source": "diffusers", "steps": "2"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a tiny pipeline."""
    return save_tiny_pipeline(tmp_path_factory.mktemp("diffusers") / "model")


def test_class_is_drawn_as_if_alone(inputs: Inputs, model: str) -> None:
    """In the order of the prompts, whatever generator a row has."""
    other = {**OTHER, "model": model}
    mixed = inputs.run(name="mixed", per_class={"one": other})
    glide, diffusers = inputs.run(name="glide"), inputs.run(name="diffusers", **other)
    assert [row["id"] for row in rows_of(mixed)] == [f"synthetic/{i:04d}" for i in range(7)]
    assert np.array_equal(pixels(mixed)[0::2], pixels(glide)[0::2])
    assert np.array_equal(pixels(mixed)[1::2], pixels(diffusers)[1::2])


def test_record_says_what_drew_which_class(inputs: Inputs, model: str) -> None:
    mixed = inputs.run(per_class={"one": {**OTHER, "model": model}})
    generators = manifest.read_metadata(mixed)["provenance"]["generators"]
    assert [made["classes"] for made in generators] == [["zero"], ["one"]]
    assert len({made["weights_sha256"] for made in generators}) == 2


@pytest.mark.parametrize("source", ["glide", "diffusers"])
def test_class_may_have_a_guidance_scale_of_its_own_in_the_same_model(
    inputs: Inputs, model: str, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    loaded: list[ImagesSettings] = []

    def counted(settings: ImagesSettings, device: torch.device) -> ImageGenerator:
        loaded.append(settings)
        return load_generator(settings, device)

    monkeypatch.setattr(generate, "load_generator", counted)
    shared = {**OTHER, "model": model} if source == "diffusers" else {}
    own = {"0": {"guidance_scale": 7.5}, "1": {"guidance_scale": 1.0}}
    mixed = inputs.run(name="mixed", per_class=own, **shared)
    assert len(loaded) == 1
    for label, scale in enumerate((7.5, 1.0)):
        alone = inputs.run(name=f"alone-{label}", guidance_scale=scale, **shared)
        assert np.array_equal(pixels(mixed)[label::2], pixels(alone)[label::2])


def test_shards_and_batches_change_nothing(inputs: Inputs, model: str) -> None:
    per_class = {"one": {**OTHER, "model": model, "batch_size": 3}}
    whole = pixels(inputs.run(per_class=per_class))
    parts = [
        inputs.run(shard, "part", shards=2, batch_size=1, per_class=per_class) for shard in range(2)
    ]
    assert np.array_equal(pixels(*parts), whole)


@pytest.mark.parametrize(
    ("per_class", "message"),
    [
        ({"on": {}}, "images.per_class: no class is called 'on'; did you mean 'one'"),
        ({"one": {}, "ONE": {}}, "images.per_class: 'one' and 'ONE' are one class, 'one'"),
        ({"one": {"model": "no/such"}}, "images.model: no folder no/such"),
    ],
)
def test_classes_that_do_not_fit(
    inputs: Inputs, per_class: dict[str, object], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        inputs.run(per_class=per_class)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"per_class": {"one": 3}}, "images.per_class.one: 3 must be a mapping"),
        ({"per_class": {"one": {"shards": 2}}}, "images.per_class.one.shards: unknown key"),
        ({"per_class": {"one": {"step": "2"}}}, "unknown key; did you mean 'steps'"),
        ({"per_class": {"one": {"source": "imported"}}}, "images.folder: empty, but"),
        ({"per_class": {"one": {"source": "none"}}}, "none is no source of a single class"),
        ({"per_class": {"one": {"steps": "x"}}}, "images.per_class.one: images.steps"),
        (
            {"per_class": {"one": {"source": "diffusers"}}},
            "images.per_class.one: images.model: 'tiny-glide' is no model",
        ),
        ({"height": 512}, "images.height: 512 has no effect with images.source glide"),
        (
            {"source": "diffusers", "model": "a/b", "sampler": "ddim"},
            "images.sampler: 'ddim' has no effect with images.source diffusers, only with glide",
        ),
        (
            {"per_class": {"one": {"negative_prompt": "x"}}},
            "images.per_class.one: images.negative_prompt: 'x' has no effect",
        ),
        (
            {"source": "imported", "folder": "there", "per_class": {"one": {"steps": "2"}}},
            "has no effect with images.source imported, only with glide or diffusers",
        ),
    ],
)
def test_settings_that_do_not_fit(settings: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        ImagesSettings(**{"source": "glide", **settings})


def test_models_are_all_known_for_reruns() -> None:
    other = {"source": "diffusers", "model": "a/b"}
    settings = ImagesSettings(
        source="glide", upsampler="up", per_class={"x": other, "y": {"steps": "9"}}
    )
    assert models(settings) == ["tiny-glide", "up", "a/b"]
    assert models(ImagesSettings(source="imported", folder="there")) == []


def test_class_of_another_source_shares_only_what_both_look_at() -> None:
    settings = ImagesSettings(
        source="glide",
        sampler="ddim",
        upsampler="up",
        per_class={"x": {"source": "diffusers", "model": "a/b"}},
    )
    drawn = settings.for_class("x")
    assert (drawn.sampler, drawn.upsampler, drawn.steps) == ("ancestral", "", settings.steps)


def warnings_of_people(
    folder: Path, caplog: pytest.LogCaptureFixture, **settings: object
) -> list[str]:
    people = Inputs(folder, ["Woman", "apple", "man", "manatee"])
    people.write_prompts(8)
    with caplog.at_level(logging.WARNING):
        people.run(steps="1", **settings)
    return [line for line in caplog.messages if "people" in line]


def test_classes_of_people_drawn_by_glide_are_named_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lines = warnings_of_people(tmp_path, caplog)
    assert len(lines) == 1
    assert "draws Woman, man badly" in lines[0]
    assert "images.per_class: {Woman: {source: diffusers" in lines[0]


def test_classes_of_people_drawn_by_another_generator_are_not_named(
    tmp_path: Path, model: str, caplog: pytest.LogCaptureFixture
) -> None:
    other = {**OTHER, "model": model}
    lines = warnings_of_people(tmp_path, caplog, per_class={"woman": other, "man": other})
    assert lines == []


def test_shipped_model_says_of_which_classes_it_knows_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    inputs = Inputs(tmp_path, ["zero", "dog"])
    inputs.write_prompts(2)
    inputs.run(steps="1")
    assert "images.model: tiny-glide has seen printed digits alone" in caplog.text
    assert "of dog it knows nothing" in caplog.text
