"""Sizes of real and generated images, which training needs to be one: refused before any job."""

import json
from collections.abc import Iterator
from pathlib import Path

from sau.assets.shipped import ASSETS, SHIPPED
from sau.config.config import Config
from sau.core.errors import UserError
from sau.pipeline.images.settings import ImagesSettings

STORED = {"digits": 8, "cifar10": 32, "cifar100": 32, "cifake": 32}
"""Sides of a source's own images in pixels, for sources whose images have one size."""

Size = tuple[int, int]
"""Height and width in pixels."""


def check_sizes(config: Config) -> None:
    """Check that what the configuration says of sizes agrees, as far as training needs it to.

    Raises:
        UserError: images that are trained on together have different sizes.
    """
    real = config.dataset.image_size
    if real and _trains_on_both(config):
        _check_synthetic((real, real), "dataset.image_size", _said(config.images))


def check_drawn_sizes(config: Config) -> None:
    """Check the same of sizes that sources and models have by themselves; reads model folders.

    Raises:
        UserError: images that are trained on together have different sizes.
    """
    side = config.dataset.image_size or STORED.get(config.dataset.source)
    if side and _trains_on_both(config):
        of = "dataset.image_size" if config.dataset.image_size else "dataset.source"
        _check_synthetic((side, side), of, _drawn(config.images))


def _trains_on_both(config: Config) -> bool:
    return any(config.training.runs[name].needs_synthetic() for name in config.row_names())


def _check_synthetic(real: Size, of: str, sizes: Iterator[tuple[str, Size]]) -> None:
    for path, size in sizes:
        if size != real:
            raise UserError(
                f"config: {path} makes synthetic images of {_text(size)}, but {of} makes real ones "
                f"of {_text(real)}, and training takes both; set images.image_size to {real[0]}"
            )


def _said(images: ImagesSettings) -> Iterator[tuple[str, Size]]:
    """Yield the sizes that are given for synthetic images, and where."""
    if images.image_size:
        yield f"images.image_size: {images.image_size}", (images.image_size,) * 2
        return
    for path, one in _generators(images):
        if one.height and one.width:
            yield f"{path}.height: {one.height}, {path}.width: {one.width}", (one.height, one.width)


def _drawn(images: ImagesSettings) -> Iterator[tuple[str, Size]]:
    """Yield the sizes in which models of GLIDE draw, if they are kept, and where it is named."""
    for path, one in () if images.image_size else _generators(images):
        key = "upsampler" if one.upsampler else "model"
        name = getattr(one, key)
        side = _sample_size(name) if one.source == "glide" else None
        if side:
            yield f"{path}.{key}: {name}", (side, side)


def _generators(images: ImagesSettings) -> Iterator[tuple[str, ImagesSettings]]:
    if images.source != "imported":
        yield "images", images.without_classes()
    for name in images.per_class:
        yield f"images.per_class.{name}", images.for_class(name)


def _sample_size(model: str) -> int | None:
    """Return the side of what a model draws; None where its folder does not say."""
    folder = ASSETS / model if model in SHIPPED else Path(model)
    try:
        config = json.loads((folder / "unet" / "config.json").read_bytes())
        return int(config["sample_size"])
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None  # the images stage says what is wrong with it


def _text(size: Size) -> str:
    return f"{size[1]} x {size[0]} pixels"
