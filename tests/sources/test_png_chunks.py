import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from sau.data.decode import decode_image
from sau.sources.decode import UnreadableImageError, decode, encode_png
from sau.sources.png_chunks import pixels_alone
from tests.sources.make_images import picture, pixels_of

SOUND = picture(1, (12, 9))
EXTRAS = (b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"tIME", b"acTL", b"fcTL", b"fdAT", b"eXIf", b"xxXx")
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
        after_head(chunk(b"iCCP", b"x\0\0no zlib")),
        after_head(chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(5_000_000)))),
        after_head(chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(2**21)))),
        after_head(chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0no zlib")),
        *(after_head(chunk(name, b"")) for name in EXTRAS),
    ],
    ids=[
        *("no end", "text checksum", "long text", "odd text", "EXIF", "gamma checksum", "behind"),
        *("odd profile", "long profile", "long XMP", "odd XMP", *map(str, EXTRAS)),
    ],
)
def test_png_with_sound_pixels_is_read(data):
    """By training too, which reads what the table holds without such care."""
    image, changed = decode(data)
    assert np.array_equal(np.asarray(image), pixels_of(SOUND))
    kept = encode_png(image) if changed else data
    assert np.array_equal(decode_image(kept, "x"), pixels_of(SOUND).transpose(2, 0, 1))


def test_orientation_counts_beside_damage():
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
    )
    text = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(packet)
    image, _ = decode(after_head(chunk(b"iTXt", text), chunk(b"gAMA", b"")))
    assert image.size == (9, 12)


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
