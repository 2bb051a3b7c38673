"""LoRA weights and embeddings of single classes, from files, on the shipped tiny GLIDE."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from sau.core.errors import UserError
from sau.pipeline.images.settings import ImagesSettings
from tests.pipeline.images.conftest import Inputs, pixels, rows_of
from tests.pipeline.images.glide_files import lora, own_vectors, tiny
from tests.pipeline.images.tiny_upsampler import save_tiny_upsampler

NAMES = ("zero", "one")


def write(folder: Path, **files: dict[str, Tensor]) -> str:
    """Write a file of weights for each name, and return the folder's."""
    folder.mkdir()
    for name, state in files.items():
        save_file(state, folder / f"{name}.safetensors")
    return str(folder)


def drawn(inputs: Inputs, name: str = "", **settings: Any) -> tuple[Path, list[Any]]:
    """Draw six pictures of each class, and return the shard and the pictures of each."""
    path = inputs.run(0, name or "shard", source="glide", **settings)
    labels = np.array([row["label"] for row in sorted(rows_of(path), key=lambda row: row["id"])])
    return path, [pixels(path)[labels == label] for label in (0, 1)]


@pytest.fixture
def digits(inputs: Inputs) -> Inputs:
    """Prompts of printed digits."""
    inputs.write_prompts(6, "The printed digit {name}.")
    return inputs


def test_each_class_is_drawn_with_its_own_lora_weights(digits: Inputs, tmp_path: Path) -> None:
    """As the pipeline itself draws with them, and the second class not with the first's."""
    files = [lora(1), lora(2)]
    folder = write(tmp_path / "lora", zero=files[0], One=files[1])
    path, _ = drawn(digits, steps="3", lora=folder, lora_scale=0.5)
    for row, picture in zip(rows_of(path), pixels(path), strict=True):
        pipeline = tiny()
        pipeline.load_lora_weights(dict(files[row["label"]]), adapter_name="one")
        pipeline.set_adapters(["one"], [0.5])
        generator = torch.Generator().manual_seed(row["seed"])
        (expected,) = pipeline([row["prompt"]], 3, 3.0, [generator]).images
        assert np.array_equal(picture, np.asarray(expected))


@pytest.mark.parametrize("upsampled", [False, True])
def test_embedding_stands_for_the_name_of_its_class(
    digits: Inputs, tmp_path: Path, upsampled: bool
) -> None:
    """Each class has the other one's vectors, so it is drawn as the other would be."""
    larger = {"upsampler": save_tiny_upsampler(tmp_path / "up")} if upsampled else {}
    settings = {"steps": "3", "upsampler_steps": "2", **larger}
    _, plain = drawn(digits, "plain", **settings)
    names = [{"<cat-toy>": own_vectors(name)} for name in NAMES]
    _, same = drawn(
        digits, "same", embedding=write(tmp_path / "s", zero=names[0], one=names[1]), **settings
    )
    assert all(np.array_equal(*pair) for pair in zip(same, plain, strict=True))
    path, swapped = drawn(
        digits, "swapped", embedding=write(tmp_path / "o", zero=names[1], one=names[0]), **settings
    )
    assert not any(np.array_equal(*pair) for pair in zip(swapped, plain, strict=True))
    assert rows_of(path)[0]["prompt"] == "The printed digit zero."


def test_class_without_files_is_drawn_by_the_model_alone(digits: Inputs, tmp_path: Path) -> None:
    """Also after a class that had some."""
    _, plain = drawn(digits, "plain", steps="3")
    write(tmp_path / "own", lora=lora(1), embedding={"x": own_vectors("seven")})
    own = {name: str(tmp_path / "own" / f"{name}.safetensors") for name in ("lora", "embedding")}
    for name, label in (("zero", 0), ("one", 1)):
        _, found = drawn(digits, name, steps="3", per_class={name: own})
        assert np.array_equal(found[1 - label], plain[1 - label])
        assert not np.array_equal(found[label], plain[label])


@pytest.mark.parametrize(
    ("key", "state", "message"),
    [
        ("embedding", {"x": torch.zeros(1, 16)}, "its embedding is 1 x 16, but GlideTextEncoder"),
        ("embedding", {"x": torch.zeros(1, 64), "y": torch.zeros(1)}, "it holds 2 embeddings"),
        ("embedding", {"x": torch.full((1, 64), torch.nan)}, "x is not of finite floating numbers"),
        ("lora", {"unet.a.lora_A.weight": torch.zeros(2, 3)}, "does not fit GlidePipeline"),
        (
            "lora",
            {"text_encoder.a.lora_A.weight": torch.zeros(2, 3), **lora(1)},
            "text_encoder.a.lora_A.weight: GLIDE's text encoder takes no LoRA weights",
        ),
    ],
)
def test_file_that_does_not_fit_is_refused(
    digits: Inputs, tmp_path: Path, key: str, state: dict[str, Tensor], message: str
) -> None:
    save_file(state, tmp_path / "own.safetensors")
    with pytest.raises(UserError, match=message) as refused:
        drawn(digits, **{key: str(tmp_path / "own.safetensors")})
    assert "\n" not in str(refused.value)


def test_another_name_in_the_same_text_is_another_picture(digits: Inputs, tmp_path: Path) -> None:
    """The vectors stand in the place of the name, which the text does not say where it is."""
    file = write(tmp_path / "own", all={"x": own_vectors("seven")}) + "/all.safetensors"
    settings = {"steps": "3", "per_class": {"zero": {"embedding": file}}}
    _, first = drawn(digits, **settings)
    digits.class_words["zero"] = "digit zero"
    digits.write_prompts(6, "The printed digit {class}.")
    _, second = drawn(digits, **settings)
    _, anew = drawn(digits, "anew", **settings)
    assert not np.array_equal(first[0], second[0])
    assert np.array_equal(anew[0], second[0])
    assert np.array_equal(first[1], second[1])


def test_prompt_that_holds_the_word_of_a_class_is_a_failed_row(
    digits: Inputs, tmp_path: Path
) -> None:
    file = write(tmp_path / "own", all={"x": own_vectors("seven")}) + "/all.safetensors"
    digits.write_prompts(2, "A {name} and a <Class-1>.")
    path = digits.run(0, source="glide", steps="3", embedding=file)
    assert {row["reason"] for row in rows_of(path)} == {
        "the prompt holds <class-, which stands for the names of classes"
    }


def test_class_of_another_source_has_none_of_the_sections_files() -> None:
    own = {"source": "diffusers", "model": "m", "steps": "1"}
    section = {"lora": "a", "lora_scale": 0.5, "embedding": "b", "per_class": {"one": own}}
    found = ImagesSettings(source="glide", **section).for_class("one")
    assert (found.lora, found.lora_scale, found.embedding) == ("", 1.0, "")
    again = {**section, "per_class": {"one": {**own, "lora": "c"}}}
    assert ImagesSettings(source="glide", **again).for_class("one").lora == "c"
    same = {**section, "per_class": {"one": {"guidance_scale": 1}}}
    assert ImagesSettings(source="glide", **same).for_class("one").lora == "a"
