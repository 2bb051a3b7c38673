import numpy as np
import pytest

from sau.data.decode import decode_image
from sau.sources.decode import UnreadableImageError, decode, encode_png
from sau.sources.jpeg_segments import pixels_alone
from tests.sources.make_images import picture

SOUND = picture(1, (12, 9), "JPEG")


def segment(kind, content):
    return bytes([0xFF, kind]) + (len(content) + 2).to_bytes(2) + content


def after_start(*segments):
    return SOUND[:2] + b"".join(segments) + SOUND[2:]


@pytest.mark.parametrize(
    "data",
    [
        after_start(segment(0xEE, b"Adobe")),
        after_start(segment(0xE2, b"ICC_PROFILE\0\1\3bad")),
        after_start(segment(0xE2, b"MPF\0junk")),
        after_start(segment(0xED, b"Photoshop 3.0\0008BIM\4\4bad")),
        after_start(segment(0xFE, b"")),
        after_start(segment(0xE1, b"")),
        after_start(b"\xff" * 5, segment(0xEF, b"x")),
        after_start(segment(0xE0, b"JFIF\0")),
    ],
    ids=["Adobe", "profile", "MPF", "Photoshop", "comment", "EXIF", "fill", "JFIF"],
)
def test_jpeg_with_sound_pixels_is_read(data):
    """By training too, which reads what the table holds without such care."""
    image, changed = decode(data)
    expected = np.asarray(decode(SOUND)[0])
    assert np.array_equal(np.asarray(image), expected)
    kept = encode_png(image) if changed else data
    assert np.array_equal(decode_image(kept, "x"), expected.transpose(2, 0, 1))


def test_segments_that_pixels_depend_on_are_left():
    noted = after_start(segment(0xFE, b"words"), segment(0xE1, b"Exif\0\0"), segment(0xEE, b"Ad"))
    assert pixels_alone(noted) == pixels_alone(after_start(segment(0xE1, b"Exif\0\0")))
    assert len(pixels_alone(SOUND)) < len(SOUND), "JFIF's segment is a note too"


@pytest.mark.parametrize("data", [b"", SOUND[:20], picture(1), SOUND[:2] + b"\0" * 9])
def test_files_of_other_formats_and_cut_ones_are_left_alone(data):
    assert pixels_alone(data) == data
    if not data.startswith(b"\x89PNG"):
        with pytest.raises(UnreadableImageError):
            decode(data)
