import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from sau.sources.decode import UnreadableImageError, decode
from sau.sources.png_chunks import pixels_alone
from tests.sources.make_images import picture, pixels_of

SOUND = picture(1, (12, 9))
END = SOUND.index(b"IEND") - 4


def chunk(name, content, checksum=None):
    checksum = zlib.crc32(name + content) if checksum is None else checksum
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def after_head(*chunks):
    """Put chunks between the head and the pixels."""
    place = SOUND.index(b"IDAT") - 4
    return SOUND[:place] + b"".join(chunks) + SOUND[place:]


@pytest.mark.parametrize(
    "data",
    [
        SOUND[:END],
        after_head(chunk(b"tEXt", b"Comment\0x", checksum=1)),
        after_head(chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"x" * 3_000_000))),
        after_head(chunk(b"iTXt", b"no key")),
        after_head(chunk(b"eXIf", b"junk")),
        after_head(chunk(b"gAMA", b"\0\0", checksum=3)),
        SOUND + b"words behind the end",
    ],
    ids=["no end", "text checksum", "long text", "odd text", "EXIF", "gamma checksum", "behind"],
)
def test_png_with_sound_pixels_is_read(data):
    assert np.array_equal(np.asarray(decode(data)[0]), pixels_of(SOUND))


def test_png_with_damaged_pixels_is_refused():
    place = SOUND.index(b"IDAT") + 10
    damaged = SOUND[:place] + bytes([SOUND[place] ^ 1]) + SOUND[place + 1 :]
    for data in (damaged, SOUND[: END - 20]):
        with pytest.raises(UnreadableImageError):
            decode(data)


def test_formats_but_png_are_left_alone():
    jpeg = picture(1, file_format="JPEG")
    assert pixels_alone(jpeg) is jpeg
    assert pixels_alone(b"") == b""


@pytest.mark.parametrize("white_is_zero", [False, True])
def test_16_bit_tiff_has_its_own_white(white_is_zero):
    values = np.linspace(0, 65535, 12, dtype=np.uint16).reshape(3, 4)
    buffer = io.BytesIO()
    Image.fromarray(65535 - values if white_is_zero else values).save(
        buffer, "TIFF", tiffinfo={262: 0 if white_is_zero else 1}
    )
    grey = np.rint(values / 257).astype(np.uint8)
    assert np.array_equal(np.asarray(decode(buffer.getvalue())[0])[..., 0], grey)
