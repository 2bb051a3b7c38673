"""Printed digits: shape, ink, and the same picture for the same attributes."""

import dataclasses

import numpy as np
import pytest

from scripts.tiny_models.render import (
    FONTS,
    DigitAttributes,
    render_digit,
    render_random,
    sample_attributes,
)


@pytest.fixture
def attributes() -> DigitAttributes:
    return DigitAttributes(3, FONTS[0], 12.0, 0.0, 0.0, 0.0, 1.0)


def test_picture_of_the_same_generator_is_the_same() -> None:
    first, first_attributes = render_random(4, np.random.default_rng(7))
    second, second_attributes = render_random(4, np.random.default_rng(7))
    assert first_attributes == second_attributes
    assert np.array_equal(first, second)


def test_picture_is_white_on_black(attributes: DigitAttributes) -> None:
    picture = render_digit(attributes)
    assert picture.shape == (16, 16, 3)
    assert picture.dtype == np.uint8
    assert picture.max() > 200
    assert picture[0].max() == picture[-1].max() == 0
    assert (picture == picture[:, :, :1]).all()


def test_height_is_the_height_asked_for(attributes: DigitAttributes) -> None:
    rows = np.flatnonzero(render_digit(attributes).max(axis=(1, 2)))
    assert rows.tolist() == list(range(2, 14))


def test_shift_moves_by_whole_pixels(attributes: DigitAttributes) -> None:
    moved = render_digit(dataclasses.replace(attributes, shift_right=1.0, shift_down=-1.0))
    expected = np.roll(render_digit(attributes), (-1, 1), axis=(0, 1))
    assert np.array_equal(moved, expected)


def test_ink_scales_the_picture(attributes: DigitAttributes) -> None:
    faint = render_digit(dataclasses.replace(attributes, ink=0.5))
    assert np.abs(faint - render_digit(attributes) / 2).max() <= 0.5


@pytest.mark.parametrize("font", FONTS, ids=lambda font: font.file)
def test_font_distinguishes_the_digits(font: object, attributes: DigitAttributes) -> None:
    pictures = {
        render_digit(dataclasses.replace(attributes, digit=digit, font=font)).tobytes()
        for digit in range(10)
    }
    assert len(pictures) == 10


def test_random_digits_stay_on_the_canvas() -> None:
    generator = np.random.default_rng(0)
    for index in range(200):
        attributes = sample_attributes(index % 10, generator)
        picture = render_digit(attributes)[:, :, 0].astype(int)
        border = picture[0].sum() + picture[-1].sum() + picture[:, 0].sum() + picture[:, -1].sum()
        assert border < 0.15 * picture.sum()
