"""LoRA weights and embeddings of single classes, from files, on a tiny pipeline."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import save_file
from torch import Tensor

from sau.core.errors import UserError
from sau.pipeline.images.diffusers_generator import DiffusersGenerator
from sau.pipeline.images.own_files import told
from sau.pipeline.images.settings import ImagesSettings
from sau.storage import manifest
from tests.pipeline.images.conftest import Inputs, pixels, rows_of
from tests.pipeline.images.tiny_diffusers import save_tiny_pipeline, tiny_pipeline

NAMES = ["zero", "one"]
WIDTH = 16
"""Of the tiny pipeline's text encoder."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a tiny pipeline."""
    return save_tiny_pipeline(tmp_path_factory.mktemp("diffusers") / "model")


@pytest.fixture(scope="module")
def shapes(model: str) -> dict[str, torch.Size]:
    """Names and shapes of LoRA weights of rank 2 for its attention, as diffusers saves them."""
    unet = StableDiffusionPipeline.from_pretrained(model, low_cpu_mem_usage=False).unet
    found = {}
    for name, layer in unet.named_modules():
        if name.endswith(("to_q", "to_v")):
            found[f"unet.{name}.lora_A.weight"] = torch.Size((2, layer.in_features))
            found[f"unet.{name}.lora_B.weight"] = torch.Size((layer.out_features, 2))
    return found


@pytest.fixture
def short(inputs: Inputs) -> Inputs:
    """Prompts that the tiny pipeline does not cut."""
    inputs.write_prompts(6, "a {name}.")
    return inputs


def lora(shapes: dict[str, torch.Size], seed: int) -> dict[str, Tensor]:
    """Return random LoRA weights, large enough to be seen."""
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def embedding(seed: int, vectors: int = 1) -> dict[str, Tensor]:
    """Return a random embedding as others save them, under a token's name."""
    generator = torch.Generator().manual_seed(seed)
    return {"<cat-toy>": torch.randn((vectors, WIDTH), generator=generator)}


def write(folder: Path, **files: dict[str, Tensor]) -> str:
    """Write a file of weights for each name, and return the folder's."""
    folder.mkdir()
    for name, state in files.items():
        save_file(state, folder / f"{name}.safetensors")
    return str(folder)


def by_class(path: Path) -> list[Any]:
    """Return the pictures of each class."""
    labels = np.array([r["label"] for r in sorted(rows_of(path), key=lambda row: row["id"])])
    return [pixels(path)[labels == label] for label in (0, 1)]


def expected(model: str, prompt: str, row: dict[str, Any], **files: Any) -> Any:
    """Return a picture as diffusers itself draws it with these weights."""
    pipeline = StableDiffusionPipeline.from_pretrained(model, low_cpu_mem_usage=False)
    if "lora" in files:
        pipeline.load_lora_weights(dict(files["lora"]), adapter_name="one")
        pipeline.set_adapters(["one"], [files.get("scale", 1.0)])
    if "embedding" in files:
        pipeline.load_textual_inversion(dict(files["embedding"]))
    generator = torch.Generator().manual_seed(row["seed"])
    drawn = pipeline(prompt, generator=generator, num_inference_steps=3, guidance_scale=3.0)
    return np.asarray(drawn.images[0])


def test_each_class_is_drawn_with_its_own_lora_weights(
    short: Inputs, model: str, shapes: dict[str, torch.Size], tmp_path: Path
) -> None:
    files = [lora(shapes, 1), lora(shapes, 2)]
    folder = write(tmp_path / "lora", zero=files[0], One=files[1])
    path = short.run(source="diffusers", model=model, lora=folder, lora_scale=0.5)
    for row, picture in zip(rows_of(path), pixels(path), strict=True):
        own = files[row["label"]]
        assert np.array_equal(picture, expected(model, row["prompt"], row, lora=own, scale=0.5))
    made = manifest.read_metadata(path)["provenance"]["generators"]
    assert ["learned_files" in one for one in made] == [False, False]


@pytest.mark.parametrize("vectors", [1, 3])
def test_embedding_stands_for_the_name_of_its_class(
    short: Inputs, model: str, tmp_path: Path, vectors: int
) -> None:
    """In what the model is told; the row keeps the prompt as it was written."""
    files = [embedding(1, vectors), embedding(2, vectors)]
    folder = write(tmp_path / "embeddings", zero=files[0], one=files[1])
    path = short.run(source="diffusers", model=model, embedding=folder)
    for row, picture in zip(rows_of(path), pixels(path), strict=True):
        assert row["prompt"] == f"a {NAMES[row['label']]}."
        own = files[row["label"]]
        assert np.array_equal(picture, expected(model, "a <cat-toy>.", row, embedding=own))


def test_class_without_files_is_drawn_by_the_model_alone(
    short: Inputs, model: str, shapes: dict[str, torch.Size], tmp_path: Path
) -> None:
    """Also after a class that had some; and a file may be for one class alone."""
    settings = {"source": "diffusers", "model": model}
    plain = by_class(short.run(**settings))
    write(tmp_path / "own", lora=lora(shapes, 1), embedding=embedding(1))
    own = {name: str(tmp_path / "own" / f"{name}.safetensors") for name in ("lora", "embedding")}
    for name, label in (("zero", 0), ("one", 1)):
        drawn = by_class(short.run(0, name, per_class={name: own}, **settings))
        assert np.array_equal(drawn[1 - label], plain[1 - label])
        assert not np.array_equal(drawn[label], plain[label])


def test_model_is_loaded_once_for_all_classes(
    short: Inputs, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "embeddings", zero=embedding(1), one=embedding(2))
    loaded = []
    load = StableDiffusionPipeline.from_pretrained.__func__  # type: ignore[attr-defined]

    def counting(cls: type, *args: Any, **options: Any) -> Any:
        loaded.append(cls)
        return load(cls, *args, **options)

    monkeypatch.setattr(StableDiffusionPipeline, "from_pretrained", classmethod(counting))
    short.run(source="diffusers", model=model, embedding=folder)
    assert len(loaded) == 1


def test_classes_with_embeddings_are_drawn_in_the_same_batches(
    short: Inputs, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An embedding is a word more in the same model; LoRA weights make it another one."""
    folder = write(tmp_path / "embeddings", zero=embedding(1), one=embedding(2))
    settings = {"source": "diffusers", "model": model, "embedding": folder}
    one_by_one = short.run(0, "alone", batch_size=1, **settings)
    batches = []
    draw = DiffusersGenerator.draw

    def counting(self: DiffusersGenerator, prompts: Any, *rest: Any) -> Any:
        batches.append(list(prompts))
        return draw(self, prompts, *rest)

    monkeypatch.setattr(DiffusersGenerator, "draw", counting)
    together = short.run(0, "together", batch_size=4, **settings)
    words = ["a <class-0>.", "a <class-1>."]
    assert batches == [words * 2, words]
    assert np.array_equal(pixels(together), pixels(one_by_one))


def test_changed_file_draws_its_own_class_alone_again(
    short: Inputs, model: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = write(tmp_path / "embeddings", zero=embedding(1), one=embedding(2))
    before = by_class(short.run(source="diffusers", model=model, embedding=folder))
    save_file(embedding(3), Path(folder) / "one.safetensors")
    with caplog.at_level("INFO"):
        after = by_class(short.run(source="diffusers", model=model, embedding=folder))
    assert "3 of 6 images were drawn before" in caplog.text
    assert np.array_equal(before[0], after[0])
    assert not np.array_equal(before[1], after[1])


@pytest.mark.parametrize(
    ("prompt", "name", "said"),
    [
        ("A photo of a cat.", "cat", "A photo of a <class-2>."),
        ("Cat, beside a CAT", "cat", "<class-2>, beside a <class-2>"),
        ("A cat's eye", "cat", "A <class-2>'s eye"),
        ("cattle in a catalogue", "cat", None),
        ("a t-shirt (blue).", "t-shirt (blue)", "a <class-2>."),
        ("two mice", "mouse", None),
    ],
)
def test_names_are_found_in_prompts(prompt: str, name: str, said: str | None) -> None:
    assert told(prompt, name, 2) == said


def test_prompt_that_does_not_name_the_class_is_a_failed_row(
    inputs: Inputs, model: str, tmp_path: Path
) -> None:
    inputs.write_prompts(2, "a b.")
    folder = write(tmp_path / "embeddings", zero=embedding(1), one=embedding(2))
    rows = rows_of(inputs.run(source="diffusers", model=model, embedding=folder))
    reason = "the prompt does not name the class, for whose name its embedding stands"
    assert [row["reason"] for row in rows] == [reason] * 2


FIRST = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q.lora_B.weight"

MESSAGES = {
    "shape": "images.lora: .*one.safetensors does not fit StableDiffusionPipeline: .*size mismatch",
    "unknown": "it has 33 matrices, of which 32 have a place in the model",
    "foreign": "images.lora: .*one.safetensors does not fit StableDiffusionPipeline: ",
    "infinite": "one.safetensors: unet.down_blocks.* is not of finite floating numbers",
    "empty": "one.safetensors has no weights",
}


@pytest.mark.parametrize("kind", sorted(MESSAGES))
def test_lora_weights_that_do_not_fit_are_one_line_before_any_picture(
    short: Inputs, model: str, shapes: dict[str, torch.Size], tmp_path: Path, kind: str
) -> None:
    good = lora(shapes, 1)
    bad = {
        "shape": {**good, f"unet.{FIRST}": torch.zeros(17, 2)},
        "unknown": {**good, "unet.nowhere.to_q.lora_A.weight": torch.zeros(2, 8)},
        "foreign": {"model.layers.0.weight": torch.zeros(2, 8)},
        "infinite": {**good, f"unet.{FIRST}": torch.full((16, 2), torch.inf)},
        "empty": {},
    }[kind]
    folder = write(tmp_path / "lora", zero=good, one=bad)
    with pytest.raises(UserError, match=MESSAGES[kind]) as raised:
        short.run(source="diffusers", model=model, lora=folder)
    assert "\n" not in str(raised.value)
    assert not list(short.folder.glob("shard-0*"))


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (
            {"a": torch.zeros(1, 17)},
            "its embedding is 1 x 17, but CLIPTextModel takes vectors of 16",
        ),
        ({"a": torch.zeros(0, 16)}, "its embedding is 0 x 16"),
        (
            {"a": torch.zeros(16), "b": torch.zeros(16)},
            r"holds 2 embeddings \(a, b\); .* takes one",
        ),
        ({"a": torch.zeros(16, dtype=torch.int64)}, "a is not of finite floating numbers"),
    ],
)
def test_embeddings_that_do_not_fit_are_one_line(
    short: Inputs, model: str, tmp_path: Path, state: dict[str, Tensor], message: str
) -> None:
    folder = write(tmp_path / "embeddings", zero=embedding(1), one=state)
    with pytest.raises(UserError, match=message) as raised:
        short.run(source="diffusers", model=model, embedding=folder)
    assert "\n" not in str(raised.value)


def test_folders_that_do_not_fit_are_one_line(short: Inputs, model: str, tmp_path: Path) -> None:
    def refused(match: str, **settings: Any) -> None:
        with pytest.raises(UserError, match=match) as raised:
            short.run(source="diffusers", model=model, **settings)
        assert "\n" not in str(raised.value)

    lacking = write(tmp_path / "lacking", zero=embedding(1))
    refused("no file for class 'one'; put one.safetensors there, or leave", embedding=lacking)
    unknown = write(tmp_path / "unknown", zero=embedding(1), one=embedding(1), onne=embedding(1))
    refused("no class is called 'onne'", embedding=unknown)
    twice = write(tmp_path / "twice", zero=embedding(1), one=embedding(1), ONE=embedding(1))
    refused("ONE.safetensors and one.safetensors are of one class, 'one'", embedding=twice)
    pickled = write(tmp_path / "pickled", zero=embedding(1))
    torch.save({}, tmp_path / "pickled" / "one.bin")
    refused("holds one.bin, which may be a pickle", embedding=pickled)
    refused("one.bin is no .safetensors file", embedding=str(tmp_path / "pickled" / "one.bin"))
    refused("images.lora: nowhere does not exist", lora="nowhere")
    torn = tmp_path / "torn.safetensors"
    torn.write_bytes((tmp_path / "lacking" / "zero.safetensors").read_bytes()[:-9])
    refused("torn.safetensors does not load as safetensors", embedding=str(torn))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lora": "a", "compile": "default"}, "images.compile: default, but with images.lora"),
        (
            {"lora": "a", "source": "glide", "model": "tiny-glide", "compile": "default"},
            "images.compile: default, but with images.lora",
        ),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        ImagesSettings(**{"source": "diffusers", "model": "m", **settings})


def test_pipeline_is_the_one_that_it_was_when_all_is_taken_off(
    shapes: dict[str, torch.Size], tmp_path: Path
) -> None:
    from sau.pipeline.images.own_embeddings import put_on_embeddings
    from sau.pipeline.images.own_files import Embedding, placeholder_of
    from sau.pipeline.images.own_lora import put_on_lora

    pipeline = tiny_pipeline()
    before = {name: list(getattr(pipeline, name).state_dict()) for name in ("unet", "text_encoder")}
    write(tmp_path / "own", lora=lora(shapes, 1), embedding=embedding(1, 2))
    own = {name: str(tmp_path / "own" / f"{name}.safetensors") for name in ("lora", "embedding")}
    settings = ImagesSettings(source="diffusers", model="m")
    words = [placeholder_of(label) for label in (2, 5)]
    embeddings = dict.fromkeys(words, Embedding(own["embedding"], "two"))
    for _ in range(2):
        put_on_lora(pipeline, settings.replace(lora=own["lora"]))
        put_on_embeddings(pipeline, embeddings)
        assert {f"{word}_1" for word in words} < set(pipeline.tokenizer.get_vocab())
    put_on_lora(pipeline, settings)
    put_on_embeddings(pipeline, {})
    for name, keys in before.items():
        assert list(getattr(pipeline, name).state_dict()) == keys
    assert len(pipeline.tokenizer) == 56
    assert len(pipeline.text_encoder.get_input_embeddings().weight) == 56
