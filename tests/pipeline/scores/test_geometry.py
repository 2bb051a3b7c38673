"""Our geometry against open_clip's transforms, pixel by pixel."""

import numpy as np
import pytest
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image

from sau.pipeline.scores.enlarge import enlarge
from sau.pipeline.scores.geometry import MAX_ASPECT, Geometry, geometry_of
from sau.sources.decode import UnreadableImageError
from tests.pipeline.scores.conftest import picture

SIZES = [(16, 16), (24, 24), (20, 45), (45, 20), (7, 90), (63, 64), (3, 2)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
def test_pixels_are_those_of_open_clip(size, mode, interpolation):
    config = {"size": 24, "resize_mode": mode, "interpolation": interpolation, "fill_color": 9}
    image = picture(0, *size)
    unit = PreprocessCfg(**config, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    expected = image_transform_v2(unit, is_train=False)(image)
    found = np.asarray(geometry_of(config)(image))
    np.testing.assert_array_equal(found.transpose(2, 0, 1), (255 * expected).round().byte())


@pytest.mark.parametrize("size", [(2, 200), (200, 2)], ids=str)
@pytest.mark.parametrize("mode", ["shortest", "squash"])
def test_longest_images_are_those_of_open_clip_too(size, mode):
    test_pixels_are_those_of_open_clip(size, mode, "bicubic")


def test_thin_image_is_one_pixel_wide_where_its_length_is_fitted():
    """open_clip would make it none, and fail."""
    thin = picture(0, 1, 1000)
    found = np.asarray(Geometry(24, "longest", fill=9)(thin))
    line = np.asarray(thin.resize((1, 24), Image.Resampling.BICUBIC))
    np.testing.assert_array_equal(found[:, 11:12], line)
    assert (np.delete(found, 11, axis=1) == 9).all()
    turned = Geometry(24, "longest", fill=9)(thin.transpose(Image.Transpose.TRANSPOSE))
    np.testing.assert_array_equal(np.asarray(turned), found.transpose(1, 0, 2))


@pytest.mark.parametrize("size", [(1, 60000), (60000, 1), (2, 2 * MAX_ASPECT + 1)], ids=str)
def test_images_too_long_for_their_shorter_side_are_refused_at_once(size):
    long = Image.new("RGB", size)
    with pytest.raises(UnreadableImageError, match=f"too long to be scored: {size[0]} x {size[1]}"):
        Geometry(224)(long)
    assert Geometry(8, "squash")(long).size == Geometry(8, "longest")(long).size == (8, 8)


def test_square_may_be_given_by_both_its_sides():
    config = {"resize_mode": "squash", "interpolation": "bilinear", "fill_color": 0}
    assert geometry_of({"size": (8, 8), **config}) == Geometry(8, "squash", bilinear=True)


def test_images_that_are_not_square_are_refused():
    config = {"resize_mode": "squash", "interpolation": "bilinear", "fill_color": 0}
    with pytest.raises(ValueError, match="16 x 8 pixels, expected a square"):
        geometry_of({"size": (8, 16), **config})


@pytest.mark.parametrize("bilinear", [False, True], ids=["bicubic", "bilinear"])
@pytest.mark.parametrize(("old", "new"), [(1, 5), (16, 224), (32, 33), (64, 224), (100, 224)])
def test_enlarged_images_are_those_of_pillow(old, new, bilinear):
    noise = np.random.default_rng(old).integers(0, 256, (2, old, old, 3), dtype=np.uint8)
    method = Image.Resampling.BILINEAR if bilinear else Image.Resampling.BICUBIC
    expected = np.stack([Image.fromarray(image).resize((new, new), method) for image in noise])
    levels = torch.from_numpy(noise).permute(0, 3, 1, 2).float()
    found = enlarge(levels, new, bilinear).permute(0, 2, 3, 1).numpy()
    np.testing.assert_array_equal(found, expected)
