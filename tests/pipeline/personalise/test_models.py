"""What models that learn have in common: their loss falls, and they stay as they were."""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

from sau.assets.shipped import model_folder
from sau.core.errors import UserError
from sau.glide.pipeline import GlidePipeline
from sau.pipeline.images.own_embeddings import put_on_embeddings
from sau.pipeline.images.own_files import Embedding, placeholder_of
from sau.pipeline.personalise import learn
from sau.pipeline.personalise.glide import load_glide
from sau.pipeline.personalise.methods import learnable
from sau.pipeline.personalise.model import Model
from sau.pipeline.personalise.settings import PersonaliseSettings
from sau.pipeline.personalise.words import Words
from tests.pipeline.images.tiny_diffusers import tiny_pipeline
from tests.pipeline.personalise.conftest import CPU, METHODS, SOURCES, load

WORDS = [Words("zero", "a", "zero"), Words("one", "a", "one")]

Models = dict[str, str]


def settings_of(method: str, **settings: object) -> PersonaliseSettings:
    """Return settings of few steps at a high rate."""
    own = {"steps": 60, "batch_size": 4, "learning_rate": 0.01, "template": "a {name}."}
    return PersonaliseSettings(method=method, **{**own, **settings})


def noise_pictures(count: int) -> list[Image.Image]:
    """Return pictures that no model knows."""
    stream = np.random.default_rng(0)
    return [Image.fromarray(stream.integers(0, 256, (16, 16, 3), np.uint8)) for _ in range(count)]


def loss_of(model: Model, settings: PersonaliseSettings, values: Tensor) -> Callable[..., float]:
    """Return what measures the loss of values at noise and time steps that no step has."""
    unseen = settings.replace(seed=9, batch_size=32)
    drawn = learn._draws(unseen, "k", 0, values.shape[1:], model.time_steps, [1])

    def loss(states: Tensor) -> float:
        many = model.scaled(values.expand(32, -1, -1, -1))
        with torch.no_grad():
            return float(model.loss(many, drawn.noise, drawn.times, states.expand(32, -1, -1)))

    return loss


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("method", METHODS)
def test_learning_lowers_the_loss_of_its_own_images(
    models: Models, tmp_path: Path, source: str, method: str
) -> None:
    settings, model = settings_of(method), load(models, source)
    (picture,) = noise_pictures(1)
    loss = loss_of(model, settings, model.moments(picture)[0])
    with learnable(model, settings, "zero", WORDS[:1]) as found:
        before = loss(found.states())
    subjects = [subject_of(WORDS[0], [picture])]
    file = tmp_path / "learned.safetensors"
    learn.learn(model, subjects, settings, "zero", file, lambda _: None)
    learned = load_file(file)
    with learnable(model, settings, "zero", WORDS[:1]) as found:
        for name, value in found.values.items():
            value.data.copy_(learned[name])
        after = loss(found.states())
    assert after < before


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("text_dropout", [0.0, 0.5])
def test_each_image_is_learned_with_the_text_of_its_class(
    models: Models,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    text_dropout: float,
) -> None:
    """Of classes of different sizes; or, as often as was asked, with the empty text."""
    settings = settings_of(
        "lora", lora_for="all-classes", steps=3, batch_size=16, text_dropout=text_dropout
    )
    model = load(models, source)
    kind, pictures = type(model), noise_pictures(4)
    texts = model.states(["a zero.", "a one.", ""])
    seen: list[tuple[int, int]] = []
    loss_of_model, moments = kind.loss, kind.moments

    def mean_alone(self: Any, picture: Image.Image) -> tuple[Tensor, Tensor]:
        return moments(self, picture)[0], torch.zeros(1, 1, 1, 1)

    def spied(self: Any, values: Tensor, noise: Tensor, times: Tensor, states: Tensor) -> Tensor:
        for value, state in zip(values, states, strict=True):
            picture = int(torch.stack([(value - one).abs().sum() for one in clean]).argmin())
            text = int(torch.stack([(state - one).abs().sum() for one in texts]).argmin())
            seen.append((picture, text))
        return loss_of_model(self, values, noise, times, states)

    clean = [model.scaled(model.moments(picture)[0])[0] for picture in pictures]
    monkeypatch.setattr(kind, "loss", spied)
    monkeypatch.setattr(kind, "moments", mean_alone)
    subjects = [subject_of(WORDS[0], pictures[:3]), subject_of(WORDS[1], pictures[3:])]
    file = tmp_path / "learned.safetensors"
    learn.learn(model, subjects, settings, "all classes", file, lambda _: None)
    assert {picture for picture, _ in seen} == {0, 1, 2, 3}
    told = {(picture, text) for picture, text in seen if text != 2}
    assert told == {(0, 0), (1, 0), (2, 0), (3, 1)}
    untold = sum(text == 2 for _, text in seen) / len(seen)
    assert untold == 0 if not text_dropout else 0.25 < untold < 0.75


def subject_of(words: Words, pictures: Sequence[Image.Image]) -> learn.Subject:
    """Return a class of pictures that are there already."""
    return learn.Subject(words, [lambda picture=picture: picture for picture in pictures])


@pytest.mark.parametrize(
    ("sampling", "share"), [("instance-balanced", 0.1), ("class-balanced", 0.5)]
)
def test_small_class_is_drawn_by_its_images_or_as_often_as_the_large_one(
    sampling: str, share: float
) -> None:
    settings = settings_of("lora", lora_for="all-classes", sampling=sampling, batch_size=1000)
    drawn = learn._draws(settings, "k", 0, (1, 1, 1), 10, [18, 2])
    of_small = drawn.rows >= 18
    assert float(of_small.float().mean()) == pytest.approx(share, abs=0.05)
    assert set(drawn.rows.tolist()) == set(range(20))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("method", METHODS)
def test_model_is_what_it_was_before_and_after(models: Models, source: str, method: str) -> None:
    """LoRA's product begins at 0, an embedding at the name's own, and nothing is left behind."""
    settings, model = settings_of(method), load(models, source)
    (picture,) = noise_pictures(1)
    loss = loss_of(model, settings, model.moments(picture)[0])
    names = list(model.unet.state_dict())
    states = model.states(["a zero."])
    before = loss(states)
    with learnable(model, settings, "zero", WORDS[:1]) as found:
        assert all(value.requires_grad for value in found.values.values())
        assert loss(states) == before
    assert list(model.unet.state_dict()) == names
    assert torch.equal(model.states(["a zero."]), states)


def test_embedding_of_glide_begins_at_what_the_name_says(models: Models) -> None:
    """The name is one token of the tiny GLIDE, so that its mean is that token's own."""
    model = load(models, "glide")
    settings = settings_of("textual-inversion", template="The printed digit {name}.")
    words = [Words("seven", "a", "seven")]
    with learnable(model, settings, "seven", words) as found:
        plain = model.states(["The printed digit seven."])
        assert torch.equal(found.states().detach(), plain)


@pytest.mark.parametrize("vectors", [1, 2])
@pytest.mark.parametrize("source", SOURCES)
def test_text_is_read_as_the_images_stage_reads_it(
    models: Models, tmp_path: Path, source: str, vectors: int
) -> None:
    """The states of the text with the learned vectors, and those of the loaded embedding."""
    settings = settings_of("textual-inversion", vectors=vectors)
    with learnable(load(models, source), settings, "zero", WORDS[:1]) as found, torch.no_grad():
        found.values["embedding"].normal_(generator=torch.Generator().manual_seed(0))
        expected = found.states()
        save_file({"embedding": found.values["embedding"].detach()}, tmp_path / "e.safetensors")
    text, file = f"a {placeholder_of(0)}.", str(tmp_path / "e.safetensors")
    with torch.no_grad():
        if source == "glide":
            glide = GlidePipeline.from_pretrained(model_folder("tiny-glide", "model"))
            glide.load_textual_inversion(file, placeholder_of(0))
            states = glide.encode([text])
        else:
            pipeline = tiny_pipeline()
            put_on_embeddings(pipeline, {placeholder_of(0): Embedding(file, "zero")})
            states, _ = pipeline.encode_prompt(text, CPU, 1, False)
    torch.testing.assert_close(states, expected)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("method", METHODS)
def test_text_that_is_cut_is_refused(models: Models, source: str, method: str) -> None:
    """The name could be what is lost, and all classes would be learned with one text."""
    settings = settings_of(method, template="and so on " * 40 + "{name}")
    message = r"personalise.template: 'and so .* is longer than the model's"
    with (
        pytest.raises(UserError, match=message),
        learnable(load(models, source), settings, "zero", WORDS[:1]),
    ):
        pass


@pytest.mark.parametrize("source", SOURCES)
def test_learning_that_diverges_is_refused(models: Models, tmp_path: Path, source: str) -> None:
    settings = settings_of("lora", learning_rate=10, steps=30)
    subjects = [subject_of(WORDS[0], noise_pictures(1))]
    model, file = load(models, source), tmp_path / "learned.safetensors"
    kind = type(model)
    with pytest.MonkeyPatch.context() as patch:
        loss = kind.loss
        patch.setattr(kind, "loss", lambda *given: loss(*given) * torch.inf)
        with pytest.raises(UserError, match="learning_rate: 10 is too high, what is learned is"):
            learn.learn(model, subjects, settings, "zero", file, lambda _: None)
    assert not file.exists()


@pytest.mark.parametrize(
    ("damage", "message"),
    [("vocabulary", "its tokenizer takes all words for one"), ("more", "tokens up to number")],
)
def test_tokenizer_that_is_not_the_models_is_refused(
    tmp_path: Path, damage: str, message: str
) -> None:
    folder = tmp_path / "glide"
    shutil.copytree(model_folder("tiny-glide", "model"), folder)
    tokenizer = folder / "tokenizer" / "tokenizer.json"
    if damage == "vocabulary":
        tokenizer.unlink()
    else:
        values = json.loads(tokenizer.read_text())
        values["model"]["vocab"]["another"] = 5000
        tokenizer.write_text(json.dumps(values))
    with pytest.raises(UserError, match=message):
        load_glide(folder, CPU, "images.model")
