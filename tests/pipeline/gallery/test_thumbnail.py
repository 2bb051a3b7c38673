import base64
import io

import pytest
from PIL import Image

from sau.pipeline.gallery.thumbnail import thumbnail
from sau.sources.decode import UnreadableImageError
from tests.pipeline.gallery.conftest import noise, picture


def opened(source):
    return Image.open(io.BytesIO(base64.b64decode(source.split(",")[1])))


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_small_image_keeps_its_bytes(kind):
    data = picture(3, 16, 12, kind)

    made = thumbnail(data, 16)

    assert made.source == f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    assert (made.width, made.height) == (16, 12)


@pytest.mark.parametrize("kind", ["tiff", "gif"])
def test_picture_that_browsers_do_not_show_or_no_rgb_becomes_png_of_the_same_pixels(kind):
    data = picture(3, 5, 4, kind)

    made = thumbnail(data, 16)

    assert made.source.startswith("data:image/png;base64,")
    expected = Image.open(io.BytesIO(data)).convert("RGB")
    assert opened(made.source).tobytes() == expected.tobytes()


def test_large_image_is_made_smaller_and_says_how_large_it_was():
    made = thumbnail(picture(3, 300, 200), 60)

    assert made.source.startswith("data:image/jpeg;base64,")
    assert opened(made.source).size == (60, 40)
    assert (made.width, made.height) == (300, 200)


def test_reduced_pixels_are_those_of_lanczos():
    data = noise(0, 96)

    shown = opened(thumbnail(data, 32).source)

    expected = Image.open(io.BytesIO(data)).resize((32, 32), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    expected.save(buffer, "jpeg", quality=85)
    difference = [
        abs(a - b) for a, b in zip(shown.tobytes(), Image.open(buffer).tobytes(), strict=True)
    ]
    assert sum(difference) / len(difference) < 12


def test_bytes_that_are_no_image_are_refused_with_their_reason():
    with pytest.raises(UnreadableImageError, match="not an image of a known format"):
        thumbnail(b"no image", 32)
