import numpy as np
from PIL import Image

from sau.sources.resize import resize


def test_image_of_that_size_is_the_same_object():
    image = Image.new("RGB", (8, 8))
    assert resize(image, None) is image
    assert resize(image, 8) is image


def test_longer_side_is_cut_at_both_ends():
    pixels = np.zeros((8, 24, 3), dtype=np.uint8)
    pixels[:, 8:16] = 200
    small = np.asarray(resize(Image.fromarray(pixels), 4))
    assert small.shape == (4, 4, 3)
    assert small.min() > 180, "black is but what the filter reaches over the edge for"


def test_small_image_is_enlarged_with_lanczos():
    image = Image.fromarray(np.arange(192, dtype=np.uint8).reshape(8, 8, 3))
    expected = image.resize((16, 16), Image.Resampling.LANCZOS)
    assert np.array_equal(np.asarray(resize(image, 16)), np.asarray(expected))


def test_image_of_one_pixel():
    assert resize(Image.new("RGB", (1, 7), (9, 9, 9)), 4).getpixel((3, 3)) == (9, 9, 9)
