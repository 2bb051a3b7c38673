"""Models of diffusers as generators, on a tiny latent-diffusion pipeline."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionPipeline
from huggingface_hub import constants
from PIL import Image, ImageOps
from safetensors.torch import load_file

from sau.core.errors import UserError
from sau.pipeline.images.diffusers_generator import DiffusersGenerator, load_diffusers
from sau.pipeline.images.load import is_on_hub
from sau.pipeline.images.settings import ImagesSettings
from sau.storage import manifest
from tests.pipeline.images.conftest import Inputs, pixels, rows_of
from tests.pipeline.images.tiny_diffusers import save_tiny_pipeline, tiny_pipeline

CPU = torch.device("cpu")
PROMPT = "a {name}."


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a tiny pipeline."""
    return save_tiny_pipeline(tmp_path_factory.mktemp("diffusers") / "model")


@pytest.fixture
def short(inputs: Inputs) -> Inputs:
    """Prompts that the tiny pipeline does not cut."""
    inputs.write_prompts(7, PROMPT)
    return inputs


def test_pictures_are_those_of_the_pipeline_itself(short: Inputs, model: str) -> None:
    settings = {"source": "diffusers", "model": model, "guidance_scale": 5.0}
    path = short.run(**settings)
    pipeline = StableDiffusionPipeline.from_pretrained(model, low_cpu_mem_usage=False)
    for row, picture in zip(rows_of(path), pixels(path), strict=True):
        expected = pipeline(
            row["prompt"],
            generator=torch.Generator().manual_seed(row["seed"]),
            num_inference_steps=3,
            guidance_scale=5.0,
        ).images[0]
        assert np.array_equal(picture, np.asarray(expected))


@pytest.mark.parametrize("size", [None, (24, 32)])
def test_guided_pictures_are_those_of_the_image_to_image_pipeline(
    model: str, size: tuple[int, int] | None
) -> None:
    """A guide is cut and resized to what is drawn, which is the model's own size by default."""
    given = {} if size is None else {"height": size[0], "width": size[1]}
    settings = ImagesSettings(
        source="diffusers", model=model, steps="4", guide="real", strength=0.5, **given
    )
    noise = np.random.default_rng(0).integers(0, 256, (2, 20, 20, 3), np.uint8)
    guides = [Image.fromarray(one) for one in noise]
    drawn = load_diffusers(settings, CPU, Path(model)).draw(["a b.", "a c."], [5, 6], guides)
    pipeline = StableDiffusionImg2ImgPipeline.from_pretrained(model, low_cpu_mem_usage=False)
    for prompt, seed, guide, one in zip(["a b.", "a c."], [5, 6], guides, drawn, strict=True):
        expected = pipeline(
            prompt,
            image=ImageOps.fit(guide, (size or (16, 16))[::-1], Image.Resampling.LANCZOS),
            strength=0.5,
            generator=torch.Generator().manual_seed(seed),
            num_inference_steps=4,
            guidance_scale=3.0,
        ).images[0]
        assert np.array_equal(one.pixels, np.asarray(expected))


@pytest.mark.parametrize("batch_size", [1, 2, 64])
def test_image_is_the_same_whatever_shard_and_batch_it_falls_in(
    short: Inputs, model: str, batch_size: int
) -> None:
    settings = {"source": "diffusers", "model": model, "batch_size": batch_size}
    whole = pixels(short.run(**{**settings, "batch_size": 7}))
    parts = [short.run(shard, "part", shards=2, **settings) for shard in range(2)]
    assert np.array_equal(pixels(*parts), whole)


def test_pictures_drawn_together_are_near_those_drawn_one_by_one(model: str) -> None:
    """As a GPU draws them; by one level of 255, which rounding may cost."""
    settings = ImagesSettings(source="diffusers", model=model, steps="3")
    alone = load_diffusers(settings, CPU, Path(model))
    options = {"num_inference_steps": 3, "guidance_scale": 3.0}
    together = DiffusersGenerator(alone._pipeline, options, torch.device("cuda"))
    assert (alone.full_batches, together.full_batches) == (False, True)
    prompts, seeds = [f"a {letter}." for letter in "bcdefgh"], list(range(7))
    pairs = zip(alone.draw(prompts, seeds), together.draw(prompts, seeds), strict=True)
    for one, other in pairs:
        assert one.pixels is not None
        assert other.pixels is not None
        difference = one.pixels.astype(int) - other.pixels.astype(int)
        assert np.abs(difference).max() <= 1


def test_guidance_scale_changes_without_a_second_loading(model: str) -> None:
    common = {"source": "diffusers", "model": model, "steps": "3", "negative_prompt": "bad"}
    at = [
        load_diffusers(ImagesSettings(**common, guidance_scale=scale), CPU, Path(model))
        for scale in (5.0, 1.0)
    ]
    (expected,) = at[1].draw(["a b."], [7])
    (found,) = at[0].at_guidance_scale(1.0).draw(["a b."], [7])
    (before,) = at[0].draw(["a b."], [7])
    assert np.array_equal(found.pixels, expected.pixels)
    assert not np.array_equal(found.pixels, before.pixels)


@pytest.mark.parametrize(
    ("changed", "shape"),
    [
        ({"steps": "4"}, (16, 16)),
        ({"guidance_scale": 1.0}, (16, 16)),
        ({"negative_prompt": "bad"}, (16, 16)),
        ({"seed": 1}, (16, 16)),
        ({"height": 24, "width": 32}, (24, 32)),
        ({"image_size": 8}, (8, 8)),
    ],
)
def test_setting_changes_the_pictures(
    short: Inputs, model: str, changed: dict[str, object], shape: tuple[int, int]
) -> None:
    settings = {"source": "diffusers", "model": model, "guidance_scale": 5.0}
    before, after = short.run(**settings), short.run(0, "changed", **{**settings, **changed})
    assert pixels(after).shape[1:] == (*shape, 3)
    assert shape != (16, 16) or not np.array_equal(pixels(before), pixels(after))


def test_bfloat16_draws_nearly_the_same(short: Inputs, model: str) -> None:
    settings = {"source": "diffusers", "model": model}
    exact = pixels(short.run(**settings)).astype(int)
    rounded = pixels(short.run(0, "rounded", precision="bfloat16", **settings)).astype(int)
    assert 0 < np.abs(exact - rounded).mean() < 3


def test_picture_that_the_safety_checker_blanks_is_a_failed_row(
    short: Inputs, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def check(self: object, image: torch.Tensor, *_: object) -> tuple[torch.Tensor, list[bool]]:
        seen.append(len(image))
        return image, [len(seen) == 3] * len(image)

    monkeypatch.setattr(StableDiffusionPipeline, "run_safety_checker", check)
    rows = rows_of(short.run(source="diffusers", model=model))
    assert [row["status"] for row in rows] == ["ok", "ok", "failed"] + ["ok"] * 4
    assert rows[2]["reason"] == "the model's safety checker blanked the picture"
    assert rows[2]["image"] is None


def test_samples_that_are_not_finite_are_failed_rows(short: Inputs, tmp_path: Path) -> None:
    pipeline = tiny_pipeline()
    with torch.no_grad():
        pipeline.vae.decoder.conv_in.weight.fill_(3e38)  # finite itself; sums of it are not
    pipeline.save_pretrained(tmp_path / "damaged")
    rows = rows_of(short.run(source="diffusers", model=str(tmp_path / "damaged")))
    assert {row["reason"] for row in rows} == {"the sample is not finite"}


def test_cut_prompts_are_counted_once_for_all_batches(
    inputs: Inputs, model: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        inputs.run(source="diffusers", model=model, batch_size=2)
    lines = [line for line in caplog.messages if "cut" in line]
    assert len(lines) == 1
    assert lines[0].startswith("7 of 7 prompts are longer than 12 tokens")


def test_weights_that_are_pickles_are_refused(short: Inputs, tmp_path: Path) -> None:
    folder = Path(save_tiny_pipeline(tmp_path / "pickled"))
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save(load_file(weights), weights.with_suffix(".bin"))
    weights.unlink()
    with pytest.raises(UserError, match="images.model: .* does not load as a text-to-image"):
        short.run(source="diffusers", model=str(folder))


def test_code_that_comes_with_a_model_is_not_run(short: Inputs, tmp_path: Path) -> None:
    folder = Path(save_tiny_pipeline(tmp_path / "coded"))
    (folder / "unet" / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps({**index, "unet": ["own", "Network"]}))
    with pytest.raises(UserError, match="unet is of 'own', whose code is never run"):
        short.run(source="diffusers", model=str(folder))
    assert not (tmp_path / "ran").exists()


def test_model_whose_vocabulary_is_missing_is_refused(short: Inputs, tmp_path: Path) -> None:
    """It loads all the same, and then takes every prompt for one."""
    folder = Path(save_tiny_pipeline(tmp_path / "wordless"))
    for file in ("tokenizer.json", "vocab.json", "merges.txt"):
        (folder / "tokenizer" / file).unlink(missing_ok=True)
    with pytest.raises(UserError, match="its tokenizer takes all words for one"):
        short.run(source="diffusers", model=str(folder))


@pytest.mark.parametrize("part", ["text_encoder", "unet", "vae"])
def test_weights_that_were_cut_are_one_line(short: Inputs, tmp_path: Path, part: str) -> None:
    folder = Path(save_tiny_pipeline(tmp_path / "cut"))
    (weights,) = (folder / part).glob("*.safetensors")
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(UserError, match="does not load as a text-to-image pipeline") as error:
        short.run(source="diffusers", model=str(folder))
    assert "\n" not in str(error.value)


def test_weights_of_another_size_are_one_line(short: Inputs, tmp_path: Path) -> None:
    folder = Path(save_tiny_pipeline(tmp_path / "other"))
    path = folder / "unet" / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "in_channels": config["in_channels"] + 1}))
    with pytest.raises(UserError, match="does not load as a text-to-image pipeline"):
        short.run(source="diffusers", model=str(folder))


def test_models_of_the_hub_are_told_from_folders(short: Inputs, model: str) -> None:
    assert is_on_hub(ImagesSettings(source="diffusers", model="a/b"))
    assert not is_on_hub(ImagesSettings(source="diffusers", model=model))
    assert not is_on_hub(ImagesSettings(source="glide", model="mine/model"))
    path = short.run(source="diffusers", model=model)
    (made,) = manifest.read_metadata(path)["provenance"]["generators"]
    assert "on_hub" not in made


def test_folder_that_is_not_there_is_not_asked_of_the_hub(
    short: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="images.model: no folder models/sd-turbo"):
        short.run(source="diffusers", model="models/sd-turbo")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "no/such/folder"}, "images.model: no folder no/such/folder"),
        ({"model": "no-such-folder"}, "images.model: no folder no-such-folder"),
        ({"model": "."}, "images.model: . holds no pipeline of diffusers, .* model_index.json"),
        ({"model": "tiny-glide"}, "images.model: 'tiny-glide' is no model for images.source diff"),
        ({"model": "some/model"}, "some/model is no folder here .*; connect to the network"),
        ({"steps": "fast27"}, "images.steps: 'fast27' must be a number of steps"),
        ({"steps": "0"}, "images.steps: '0'"),
    ],
)
def test_models_that_are_not_there(
    short: Inputs, settings: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match=message) as raised:
        short.run(**{"source": "diffusers", **settings})
    assert "\n" not in str(raised.value)
