import pickle
import subprocess
import sys

import numpy as np
import pytest

from sau.pipeline.scores.geometry import Geometry
from sau.pipeline.scores.measures import measure
from sau.pipeline.scores.prepare import Encoded, Prepare, Prepared
from sau.sources.decode import encode_png
from tests.pipeline.scores.conftest import encoded, picture

PREPARE = Prepare(Geometry(side=16))


def prepare(data=None, path=None, prepare=PREPARE):
    return prepare([Encoded(data, path)])[0]


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP"])
def test_measures_are_those_of_the_stored_image(form):
    data = encoded(picture(0, 40, 30), form)
    found = prepare(data)
    assert found.measures == prepare(data, prepare=Prepare()).measures
    if form != "JPEG":
        assert found.measures == measure(picture(0, 40, 30))
    assert found.pixels.shape == (16, 16, 3)
    assert found.reason is None


@pytest.mark.parametrize(
    ("size", "side"), [((9, 9), 9), ((16, 16), 16), ((17, 17), 16), ((9, 10), 16)]
)
def test_small_squares_stay_as_they_are(size, side):
    image = picture(1, *size)
    pixels = prepare(encode_png(image)).pixels
    assert pixels.shape == (side, side, 3)
    if size == (side, side):
        np.testing.assert_array_equal(pixels, np.asarray(image))


def test_pixels_are_not_made_without_a_model():
    assert prepare(encode_png(picture(0, 8, 8)), prepare=Prepare()).pixels is None


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA"])
def test_modes_become_rgb(mode):
    image = picture(2, 16, 16, mode)
    found = prepare(encoded(image))
    np.testing.assert_array_equal(found.pixels, np.asarray(image.convert("RGB")))


def test_transparent_parts_are_white():
    image = picture(2, 16, 16, "RGBA")
    image.putalpha(0)
    assert prepare(encoded(image)).measures.brightness == 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"no picture", "not an image of a known format"),
        (encode_png(picture(0, 30, 30))[:-40], "cannot be decoded"),
        (encoded(picture(0, 30, 30), "JPEG")[:300], "cannot be decoded"),
    ],
)
def test_image_that_does_not_decode_has_a_reason_and_nothing_else(data, reason):
    found = prepare(data)
    assert (found.measures, found.pixels) == (None, None)
    assert reason in found.reason


def test_paths_are_read_and_their_absence_is_a_reason(tmp_path):
    path = tmp_path / "image.png"
    path.write_bytes(encode_png(picture(0, 16, 16)))
    assert prepare(path=str(path)).measures == measure(picture(0, 16, 16))
    assert "No such file" in prepare(path=str(tmp_path / "none.png")).reason
    assert prepare().reason == "no image: neither bytes nor a path"


def test_image_that_failed_before_is_left_alone():
    assert PREPARE([None]) == [Prepared(None, None, None)]


def test_workers_need_no_pytorch():
    code = "import pickle, sys; pickle.load(sys.stdin.buffer); sys.exit('torch' in sys.modules)"
    job = pickle.dumps((PREPARE, Encoded(b"", None)))
    assert subprocess.run([sys.executable, "-c", code], input=job, check=False).returncode == 0


def test_image_too_long_to_be_scored_has_a_reason_and_nothing_else():
    data = encode_png(picture(0, 1, 1000))
    found = prepare(data)
    assert (found.measures, found.pixels) == (None, None)
    assert "too long to be scored: 1 x 1000 pixels, expected at most 100 times" in found.reason
    assert prepare(data, prepare=Prepare()).measures == measure(picture(0, 1, 1000))
    assert prepare(data, prepare=Prepare(Geometry(16, "longest"))).pixels.shape == (16, 16, 3)
