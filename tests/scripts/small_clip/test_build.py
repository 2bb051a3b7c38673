"""The build, run for a few steps on a few pictures: what it writes, and that it resumes."""

import dataclasses
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from open_clip import create_model_from_pretrained
from PIL import Image

from sau.core.errors import UserError
from sau.storage import manifest
from scripts.small_clip.build import build, read_images, zero_shot_accuracy
from scripts.small_clip.settings import SmallClipTraining
from scripts.small_clip.train import captions, preprocess
from scripts.tiny_models import loop as loop_module
from scripts.tiny_models.checkpoint import save_checkpoint
from scripts.tiny_models.train_clip import CONFIG_FILE

SETTINGS = SmallClipTraining(
    image_tower="test_resnet", steps=30, batch_size=12, warmup_steps=2, steps_per_checkpoint=15
)
COLOURS = {"red_ball": (200, 30, 30), "blue sky": (30, 60, 220)}


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noisy pictures of two colours, 16 of each, and one that failed."""
    generator = np.random.default_rng(0)
    rows = []
    for label, colour in enumerate(COLOURS.values()):
        for place in range(16):
            pixels = np.clip(np.array(colour) + generator.normal(0, 25, (32, 32, 3)), 0, 255)
            buffer = io.BytesIO()
            Image.fromarray(pixels.astype(np.uint8)).save(buffer, format="PNG")
            row = {"id": f"{label}-{place}", "label": label, "status": "ok", "width": 32}
            rows.append(row | {"height": 32, "image": {"bytes": buffer.getvalue(), "path": None}})
    rows.append({"id": "failed", "label": 1, "status": "failed", "reason": "broken"})
    path = tmp_path_factory.mktemp("images") / "train.parquet"
    table = pa.Table.from_pylist(rows, schema=manifest.SCHEMAS["images"])
    manifest.write(path, "images", table, {"class_names": list(COLOURS)})
    return path


def test_folder_loads_in_open_clip_and_distinguishes_the_classes(
    images: Path, tmp_path: Path
) -> None:
    model, names = build(images, tmp_path / "model", tmp_path / "checkpoints", SETTINGS)
    assert names == list(COLOURS)
    assert zero_shot_accuracy(model, tmp_path / "model", images) > 90
    loaded = create_model_from_pretrained(f"local-dir:{tmp_path / 'model'}")[0].eval()
    pixels = preprocess(read_images(images)[0], SETTINGS.image_size)
    with torch.no_grad():
        torch.testing.assert_close(loaded.encode_image(pixels), model.encode_image(pixels))


def test_stopped_build_ends_like_an_unbroken_one(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = dataclasses.replace(SETTINGS, steps=4, steps_per_checkpoint=2)

    def stop_after_saving(path, step, *arguments) -> None:
        save_checkpoint(path, step, *arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loop_module, "save_checkpoint", stop_after_saving)
        with pytest.raises(KeyboardInterrupt):
            build(images, tmp_path / "stopped", tmp_path / "one", short)
    assert not (tmp_path / "stopped").exists()
    build(images, tmp_path / "stopped", tmp_path / "one", short)
    build(images, tmp_path / "unbroken", tmp_path / "other", short)
    stopped, unbroken = (
        (tmp_path / name / "open_clip_model.safetensors").read_bytes()
        for name in ("stopped", "unbroken")
    )
    assert stopped == unbroken


def test_preprocessing_of_a_batch_is_open_clips(images: Path, tmp_path: Path) -> None:
    """Up to one grey level."""
    settings = dataclasses.replace(SETTINGS, steps=1)
    build(images, tmp_path / "model", tmp_path / "checkpoints", settings)
    theirs = create_model_from_pretrained(f"local-dir:{tmp_path / 'model'}")[1]
    pixels = read_images(images)[0][:4]
    expected = torch.stack(
        [theirs(Image.fromarray(image.permute(1, 2, 0).numpy())) for image in pixels]
    )
    found = preprocess(pixels, settings.image_size)
    assert float((found - expected).abs().max()) < 1.01 / 255 / 0.224


def test_captions_are_clips_templates_with_clean_names() -> None:
    red = captions(["red_ball", "apple"])
    assert [len(row) for row in red] == [80, 80]
    assert "a photo of a red ball." in red[0]
    assert not any("_" in caption for caption in red[0])


def test_folder_of_other_things_is_not_replaced(images: Path, tmp_path: Path) -> None:
    other = tmp_path / "models" / "another" / "weights"
    other.parent.mkdir(parents=True)
    other.write_text("years of work")
    with pytest.raises(UserError, match="--output .*models: holds something else"):
        build(images, tmp_path / "models", tmp_path / "checkpoints", SETTINGS)
    assert other.read_text() == "years of work"
    assert not (tmp_path / "checkpoints").exists(), "it is said before the training"


def test_older_model_is_replaced(images: Path, tmp_path: Path) -> None:
    old = tmp_path / "model"
    old.mkdir()
    (old / CONFIG_FILE).write_text("{}")
    (old / "left over").write_text("")
    settings = dataclasses.replace(SETTINGS, steps=1)
    build(images, old, tmp_path / "checkpoints", settings)
    assert not (old / "left over").exists()
    create_model_from_pretrained(f"local-dir:{old}")
