"""One look at each image."""

import io

import imagehash
import numpy as np
import pytest
from PIL import Image

from sau.tools.init.looks import look_at
from tests.sources.make_images import put
from tests.tools.init.pictures import picture


def test_look_measures_what_slow_libraries_measure(tmp_path):
    files = []
    for number, size in enumerate([(40, 30), (8, 8), (100, 120)]):
        files.append(tmp_path / f"{number}.jpg")
        put(files[-1], picture(number, size))
    looks = look_at(files)
    for file, look in zip(files, looks.itertuples(), strict=True):
        image = Image.open(file)
        pixels = np.asarray(image) / 255
        assert (look.width, look.height, look.mode) == (*image.size, "RGB")
        assert (look.red, look.green, look.blue) == pytest.approx(pixels.mean(axis=(0, 1)))
        assert f"{look.hash:016x}" == str(imagehash.phash(image))


def test_large_jpeg_is_looked_at_smaller_and_hashes_nearly_the_same(tmp_path):
    put(tmp_path / "large.jpg", picture(1, (1600, 1200)))
    (look,) = look_at([tmp_path / "large.jpg"]).itertuples()
    image = Image.open(io.BytesIO(picture(1, (1600, 1200))))
    whole = int(str(imagehash.phash(image)), 16)
    assert (look.width, look.height) == (1600, 1200)
    assert (whole ^ look.hash).bit_count() <= 2
    assert look.red == pytest.approx(np.asarray(image)[..., 0].mean() / 255, abs=0.01)


def test_several_processes_see_what_one_sees(tmp_path):
    for number in range(140):
        put(tmp_path / f"{number}.png", picture(number, file_format="PNG") if number % 9 else b"x")
    files = sorted(tmp_path.iterdir())
    looks = look_at(files, processes=2)
    assert looks.equals(look_at(files, processes=1))
    assert (looks.reason != "").sum() == 16
