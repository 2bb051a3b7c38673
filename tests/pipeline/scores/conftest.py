"""Models, pictures and manifests that the tests of the scores stage share."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pyarrow as pa
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from sau.pipeline.scores.load import load_model
from sau.pipeline.scores.loaded_model import LoadedModel
from sau.pipeline.scores.settings import ScoresSettings
from sau.pipeline.scores.stage import scores
from sau.sources.decode import encode_png
from sau.storage import manifest
from sau.storage.reuse import ReusableResults, reuse_folder

NAMES = ["zero", "one", "two"]

SMALL_CONFIG: dict[str, Any] = {
    "embed_dim": 12,
    "vision_cfg": {"image_size": 24, "patch_size": 8, "layers": 1, "width": 32, "head_width": 16},
    "text_cfg": {"context_length": 24, "width": 16, "heads": 2, "layers": 1},
}
"""Of open_clip's own tokenizer and preprocessing: shortest side, bicubic, then the centre."""


def picture(seed: int, width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Return a smooth random picture."""
    drawn = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    return Image.fromarray(drawn).resize((width, height), Image.Resampling.BICUBIC).convert(mode)


def encoded(image: Image.Image, form: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form)
    return buffer.getvalue()


def row(name: str, label: int, data: bytes | None, **more: Any) -> dict[str, Any]:
    """Return a row of the images manifest, failed if there is no data."""
    ok = {"image": {"bytes": data, "path": None}, "status": "ok", "reason": None}
    failed = {"image": None, "status": "failed", "reason": "the sample is not finite"}
    return {"id": name, "label": label, "prompt": None, **(ok if data else failed), **more}


def write_images(path: Path, rows: list[dict[str, Any]], names: list[str] = NAMES) -> Path:
    table = pa.Table.from_pylist(rows, schema=manifest.SCHEMAS["images"])
    manifest.write(path, "images", table, {"class_names": names})
    return path


def run(images: Path, **settings: Any) -> pa.Table:
    """Score `images` with the settings; with templates of tiny-clip's own kind by default."""
    settings = {"class_templates": ["A photo of the digit {name}.", "The {name}."], **settings}
    output = images.with_name("scores.parquet")
    ReusableResults(reuse_folder(output), "").remove()  # it is scored each time
    scores(images, output, settings=ScoresSettings(**settings))
    return manifest.read(output, "scores")


def save_small_model(folder: Path, **changes: Any) -> Path:
    """Write a random model into `folder`, in open_clip's format."""
    folder.mkdir()
    config = {**SMALL_CONFIG, **changes}
    torch.manual_seed(0)
    open_clip.add_model_config(_written(folder.with_suffix(".json"), config))
    model = open_clip.create_model(folder.name)
    _written(folder / "open_clip_config.json", {"model_cfg": config, "preprocess_cfg": {}})
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    return folder


def _written(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content))
    return path


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_small_model(tmp_path_factory.mktemp("models") / "small-random-clip")


@pytest.fixture(scope="session")
def biased_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model with SigLIP's bias."""
    folder = tmp_path_factory.mktemp("models") / "small-biased-clip"
    return save_small_model(folder, init_logit_bias=-10.0)


@pytest.fixture(scope="session")
def tiny_clip() -> LoadedModel:
    return load_model("tiny-clip", "", torch.device("cpu"))


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Return a shard of several sizes, with and without prompts, and one that failed before."""
    rows = [
        row("a", 0, encode_png(picture(0, 16, 16)), prompt="A photo of the digit zero."),
        row("b", 1, encode_png(picture(1, 12, 12))),
        row("c", 2, None),
        row("d", 1, encode_png(picture(2, 40, 20)), prompt="A photo of the digit two."),
        row("e", 0, encode_png(picture(3, 64, 64)), prompt="A photo of the digit zero."),
        row("f", 2, encode_png(picture(4, 9, 31))),
        row("g", 2, encode_png(picture(5, 24, 24))),
    ]
    return write_images(tmp_path / "images.parquet", rows)
