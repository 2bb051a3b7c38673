"""Pictures in every format and mode, with metadata as cameras, editors and bugs leave it."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sau.sources.decode import UnreadableImageError, decode
from tests.fuzz.outcomes import COUNTS, check_line, deadline, inputs

FORMATS = {
    "PNG": ["RGB", "RGBA", "L", "LA", "P", "1", "I;16"],
    "JPEG": ["RGB", "L", "CMYK"],
    "WEBP": ["RGB", "RGBA"],
    "TIFF": ["RGB", "RGBA", "L", "CMYK", "I;16", "P"],
    "BMP": ["RGB", "L", "P"],
    "GIF": ["P", "L"],
    "PPM": ["RGB", "L"],
    "JPEG2000": ["RGB", "L"],
}
GREYS = {"L", "LA", "1", "I;16"}

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
"""Pillow warns of damage that it reads past."""


@st.composite
def encoded(draw: st.DrawFn) -> tuple[bytes, tuple[int, int, int]]:
    """Draw an encoded picture of one colour, and the colour that it must show."""
    file_format = draw(st.sampled_from(sorted(FORMATS)))
    mode = draw(st.sampled_from(FORMATS[file_format]))
    size = (draw(st.integers(8, 24)), draw(st.integers(8, 24)))
    colour = draw(st.tuples(*[st.integers(0, 255)] * 3))
    if mode in GREYS:
        colour = ((0, 0, 0), (255, 255, 255))[colour[0] > 127] if mode == "1" else (colour[0],) * 3
    image = Image.new("RGB", size, colour)
    if mode == "I;16":
        image = Image.fromarray(np.full(size[::-1], colour[0] * 257, dtype=np.uint16))
    elif mode == "P":
        image = image.quantize(4)
    else:
        image = image.convert(mode)
    options: dict[str, object] = {}
    if file_format in ("PNG", "JPEG", "WEBP") and draw(st.booleans()):
        options["exif"] = draw(exif())
    if file_format in ("JPEG", "WEBP"):
        options["quality"] = 95
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue(), colour


@st.composite
def exif(draw: st.DrawFn) -> bytes:
    """Draw an EXIF block: an orientation, and tags whose values programs get wrong."""
    block = Image.Exif()
    if draw(st.booleans()):
        block[0x0112] = draw(st.sampled_from([1, 3, 6, 8, 2, 0, 9]))
    if draw(st.booleans()):
        block[0x010E] = draw(st.text(max_size=20).map(lambda text: text.encode("utf-8", "replace")))
    if draw(st.booleans()):
        block[0x9286] = draw(st.binary(max_size=20))
    data = bytearray(block.tobytes())
    for _ in range(draw(st.sampled_from([0, 0, 1, 3]))):
        place = draw(st.integers(0, len(data) - 1))
        if place >= 6:  # the mark itself says that it is EXIF
            data[place] = draw(st.integers(0, 255))
    return bytes(data)


@inputs(60)
@given(encoded())
def test_sound_pictures_show_their_colour(drawn):
    """Whatever EXIF says, the pixels are sound, so the picture is."""
    data, colour = drawn
    with deadline():
        image, _ = decode(data)
    shown = np.asarray(image).reshape(-1, 3).astype(int)
    assert np.abs(shown - colour).max() <= 8, (shown[0], colour)
    COUNTS["sound pictures"]["right"] += 1


@inputs(60)
@given(encoded(), st.data())
def test_damaged_pictures_are_right_or_refused(drawn, data):
    """Bytes are changed, lost or added; pixels may change, but nothing else may happen."""
    picture = bytearray(drawn[0])
    kind = data.draw(st.sampled_from(["change", "cut", "insert", "repeat"]))
    place = data.draw(st.integers(0, len(picture) - 1))
    if kind == "change":
        picture[place] ^= data.draw(st.integers(1, 255))
    elif kind == "cut":
        del picture[place:]
    elif kind == "insert":
        picture[place:place] = data.draw(st.binary(min_size=1, max_size=8))
    else:
        picture += picture[:place]
    try:
        with deadline():
            image, _ = decode(bytes(picture))
    except UnreadableImageError as error:
        check_line(str(error))
        COUNTS["damaged pictures"]["refused"] += 1
        return
    assert image.mode == "RGB"
    COUNTS["damaged pictures"]["right"] += 1
