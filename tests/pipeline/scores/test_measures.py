import imagehash
import numpy as np
import pytest
from PIL import Image

from sau.data.perceptual_hash import perceptual_hash
from sau.pipeline.scores.measures import measure, measure_together, sharpness
from tests.pipeline.scores.conftest import picture


@pytest.mark.parametrize(("width", "height"), [(16, 16), (31, 7), (64, 48)])
def test_measures_are_those_of_a_loop_over_pixels(width, height):
    image = picture(0, width, height)
    found = measure(image)
    levels = np.asarray(image.convert("L"))
    grey = [[int(levels[y, x]) / 255 for x in range(width)] for y in range(height)]
    everything = [value for line in grey for value in line]
    laplacian = [
        grey[y - 1][x] + grey[y + 1][x] + grey[y][x - 1] + grey[y][x + 1] - 4 * grey[y][x]
        for y in range(1, height - 1)
        for x in range(1, width - 1)
    ]
    assert found.brightness == pytest.approx(sum(everything) / len(everything))
    assert found.contrast == pytest.approx(_variance(everything) ** 0.5)
    assert found.sharpness == pytest.approx(_variance(laplacian))


def test_grey_levels_weigh_the_colours_as_the_eye_does():
    red, green, blue = (
        measure(Image.new("RGB", (4, 4), colour)).brightness for colour in ("red", "lime", "blue")
    )
    assert (red, green, blue) == pytest.approx((0.299, 0.587, 0.114), abs=0.002)


def test_picture_of_one_colour_has_neither_contrast_nor_sharpness():
    found = measure(Image.new("RGB", (20, 20), (77, 77, 77)))
    assert (found.brightness, found.contrast, found.sharpness) == (77 / 255, 0, 0)


def test_extremes_of_a_chess_board():
    board = (np.indices((10, 10)).sum(axis=0) % 2 * 255).astype(np.uint8)
    found = measure(Image.fromarray(board).convert("RGB"))
    assert (found.brightness, found.contrast) == (0.5, 0.5)
    assert found.sharpness == pytest.approx(16)


@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (9, 2)])
def test_images_without_inner_pixels_have_no_sharpness(shape):
    assert sharpness(np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)) == 0


def test_soft_edges_lower_sharpness_and_keep_the_hash_near():
    hard, soft = (
        picture(1, 8, 8).resize((64, 64), method)
        for method in (Image.Resampling.NEAREST, Image.Resampling.BICUBIC)
    )
    assert measure(soft).sharpness < measure(hard).sharpness / 4
    near = perceptual_hash(hard) ^ perceptual_hash(soft)
    far = perceptual_hash(hard) ^ perceptual_hash(picture(2, 64, 64))
    assert _ones(near) < 8 < _ones(far)


@pytest.mark.parametrize("seed", range(6))
def test_hash_is_that_of_imagehash_as_a_signed_number(seed):
    image = picture(seed, 40, 30)
    found = perceptual_hash(image)
    assert -(2**63) <= found < 2**63
    assert f"{found % 2**64:016x}" == str(imagehash.phash(image))


@pytest.mark.parametrize("size", [(3, 3), (8, 8), (17, 5), (32, 32), (33, 17), (120, 90)])
def test_images_measured_together_have_the_very_numbers_of_each_alone(size):
    noise = np.random.default_rng(0).integers(0, 256, (9, size[1], size[0], 3), dtype=np.uint8)
    flat = [Image.new("RGB", size, shade) for shade in ("black", "white", "#123456")]
    images = [
        *(Image.fromarray(one) for one in noise),
        *(picture(seed, *size) for seed in range(20)),
        *flat,
    ]
    alone = [measure(image) for image in images]
    assert measure_together(images) == alone
    assert measure_together(images[:1]) == alone[:1]


def _variance(values):
    mean = sum(values) / len(values)
    return sum((value - mean) ** 2 for value in values) / len(values)


def _ones(number):
    return (number % 2**64).bit_count()
