"""Damaged images end in one line, whatever Pillow makes of them."""

import io

import numpy as np
import pytest
from PIL import Image

from sau.core.errors import UserError
from sau.data.decode import decode_image, image_size

RAISED = {
    "empty": b"",
    "no image": b"no image at all",
}


def png() -> bytes:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    Image.fromarray(pixels).save(buffer, "png")
    return buffer.getvalue()


def test_header_cut_short_is_one_line() -> None:
    """Pillow raises a ValueError for a header chunk with a wrong length."""
    damaged = bytearray(png())
    damaged[11] = 5  # of 13 bytes
    for read in (decode_image, image_size):
        with pytest.raises(UserError, match="image 'dog-7' cannot be read") as error:
            read(bytes(damaged), "dog-7")
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("data", RAISED.values(), ids=RAISED)
def test_bytes_that_are_no_image_are_one_line(data: bytes) -> None:
    for read in (decode_image, image_size):
        with pytest.raises(UserError, match="image 'dog-7' cannot be read"):
            read(data, "dog-7")


def test_damage_of_any_byte_is_borne() -> None:
    """The image, or one line: nothing else comes out."""
    whole, refused = png(), 0
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 0xFF
        try:
            decode_image(bytes(damaged), "dog-7")
        except UserError:
            refused += 1
    assert 0 < refused <= len(whole)
