from typing import Any

import pytest
import torch
from torch import Generator, Tensor

import sau
from sau.core.errors import ArgumentError
from sau.engine.whitening import refuse_small_images
from sau.networks.whitened_cnn import WhitenedCnn, whitening_filters

FAST: dict[str, Any] = {
    "method": "cross_entropy",
    "backbone": "whitened_cnn",
    "width": 2,
    "epochs": 1,
    "batch_size": 8,
    "crop_padding": 1,
    "cutout_size": 4,
}


def images(side: int, generator: Generator) -> tuple[Tensor, Tensor]:
    made = torch.randint(0, 256, (24, 3, side, side), generator=generator, dtype=torch.uint8)
    return made, torch.arange(24) % 3


def test_filters_are_made_from_the_training_images(generator: Generator) -> None:
    pixels, labels = images(12, generator)
    result = sau.train(pixels, labels, **FAST)
    encoder = result.network.encoder
    assert isinstance(encoder, WhitenedCnn)
    expected = whitening_filters([result.views.normalisation.from_bytes(pixels)])
    torch.testing.assert_close(encoder.whitening.weight[:12], expected)


def test_filters_are_made_of_images_as_they_enter_the_network(generator: Generator) -> None:
    pixels, labels = images(8, generator)
    result = sau.train(pixels, labels, **FAST, input_size=16)
    encoder = result.network.encoder
    assert isinstance(encoder, WhitenedCnn)
    normalised = result.views.normalisation.from_bytes(pixels)
    larger = torch.nn.functional.interpolate(
        normalised, size=(16, 16), mode="bicubic", antialias=True, align_corners=False
    )
    torch.testing.assert_close(encoder.whitening.weight[:12], whitening_filters([larger]))


def test_small_images_are_refused_before_anything_is_built() -> None:
    refuse_small_images("whitened_cnn", None, (9, 20))
    refuse_small_images("whitened_cnn", 32, (4, 4))
    refuse_small_images("resnet8", None, (4, 4))
    with pytest.raises(
        ArgumentError, match=r"^backbone: whitened_cnn needs images of 9 pixels .* 8;"
    ):
        refuse_small_images("whitened_cnn", None, (20, 8))


def test_small_views_of_large_images_are_refused(generator: Generator) -> None:
    pixels, labels = images(16, generator)
    settings = {key: FAST[key] for key in ("method", "backbone", "width", "epochs", "batch_size")}
    with pytest.raises(ArgumentError, match=r"^backbone: whitened_cnn needs .* but these have 8;"):
        sau.train(pixels, labels, **settings, view_set="imagenet", crop_size=8)
