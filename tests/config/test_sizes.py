"""Images that training takes together are known to have two sizes before the first job."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from sau.config import check_sources, load
from sau.core.errors import UserError
from tests.paths import ROOT

SD = {"source": "diffusers", "model": "a/b", "steps": "1"}


@pytest.fixture
def default() -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load((ROOT / "config.yaml").read_text())
    return values


def draws(folder: Path, side: int) -> str:
    """Write as much of a GLIDE as says in what size it draws."""
    (folder / "unet").mkdir(parents=True)
    (folder / "unet" / "config.json").write_text(json.dumps({"sample_size": side}))
    return str(folder)


@pytest.mark.parametrize(
    ("real", "images", "said"),
    [
        (
            16,
            {"source": "glide", "image_size": 32},
            "images.image_size: 32 makes synthetic images of 32 x 32",
        ),
        (
            32,
            {"source": "glide", "image_size": 16},
            "images.image_size: 16 makes synthetic images of 16 x 16",
        ),
        (
            16,
            {"source": "imported", "folder": "there", "image_size": 64},
            "images.image_size: 64 makes",
        ),
        (64, {**SD, "height": 512, "width": 64}, "images.height: 512, images.width: 64 makes"),
        (
            16,
            {"source": "glide", "per_class": {"one": {**SD, "height": 32, "width": 32}}},
            "images.per_class.one.height: 32, images.per_class.one.width: 32 makes",
        ),
    ],
)
def test_sizes_that_are_given_and_differ_are_refused(
    default: dict[str, Any], real: int, images: dict[str, Any], said: str
) -> None:
    default["dataset"]["image_size"] = real
    default["images"] = images
    with pytest.raises(UserError, match=f"config: {said}.*set images.image_size to {real}$"):
        load(default)


@pytest.mark.parametrize(
    "images",
    [
        {"source": "glide", "image_size": 16},
        {"source": "imported", "folder": "there"},
        {**SD, "height": 16, "width": 16},
        {**SD, "height": 512, "width": 512, "image_size": 16},
        SD,
    ],
)
def test_sizes_that_agree_or_are_not_known_are_taken(
    default: dict[str, Any], images: dict[str, Any]
) -> None:
    default["images"] = images
    load(default)


def test_sizes_may_differ_where_no_row_trains_on_both(default: dict[str, Any]) -> None:
    default["experiment"]["rows"] = ["ce"]
    default["images"]["image_size"] = 64
    load(default)


def test_size_in_which_a_model_draws_is_known(default: dict[str, Any], tmp_path: Path) -> None:
    base, larger = draws(tmp_path / "base", 16), draws(tmp_path / "larger", 64)
    default["images"] |= {"model": base, "image_size": None}
    check_sources(load(default))
    default["images"]["upsampler"] = larger
    with pytest.raises(UserError, match=r"config: images.upsampler: .*larger makes .* 64 x 64"):
        check_sources(load(default))
    default["images"]["image_size"] = 16
    check_sources(load(default))


def test_size_of_a_sources_own_images_is_known(default: dict[str, Any]) -> None:
    default["dataset"]["image_size"] = None  # digits have 8, and the shipped model draws 16
    with pytest.raises(UserError, match=r"but dataset.source makes real ones of 8 x 8 pixels"):
        check_sources(load(default))


def test_default_sizes_agree(default: dict[str, Any]) -> None:
    check_sources(load(default))
