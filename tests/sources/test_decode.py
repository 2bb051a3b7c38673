import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from sau.sources.decode import MAX_PIXELS, UnreadableImageError, decode, encode_png
from tests.sources.make_images import encode, picture, pixels_of

GREY = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4


def reason(data, **limits):
    with pytest.raises(UnreadableImageError) as caught:
        decode(data, **limits)
    return str(caught.value)


def with_orientation(image, tag):
    exif = Image.Exif()
    exif[0x0112] = tag
    return encode(image, "JPEG", exif=exif, quality=100, subsampling=0)


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "BMP", "TIFF"])
def test_plain_rgb_is_left_as_it_is(file_format):
    data = picture(1, file_format=file_format)
    image, changed = decode(data)
    assert not changed
    assert np.array_equal(np.asarray(image), pixels_of(data))


def test_grey_is_repeated():
    image, changed = decode(encode(Image.fromarray(GREY)))
    assert changed
    assert image.mode == "RGB"
    assert np.array_equal(np.asarray(image), np.repeat(GREY[:, :, None], 3, axis=2))


def test_transparency_shows_white():
    pixels = np.zeros((2, 2, 4), dtype=np.uint8)
    pixels[0] = (10, 20, 30, 255)
    pixels[1, 0] = (10, 20, 30, 0)
    pixels[1, 1] = (0, 0, 0, 51)
    image, changed = decode(encode(Image.fromarray(pixels)))
    assert changed
    expected = [[[10, 20, 30]] * 2, [[255, 255, 255], [204, 204, 204]]]
    assert np.asarray(image).tolist() == expected


def test_palette_with_and_without_transparency():
    image = Image.new("P", (2, 1), 0)
    image.putpalette([9, 8, 7, 250, 0, 0])
    image.putpixel((1, 0), 1)
    assert np.asarray(decode(encode(image))[0]).tolist() == [[[9, 8, 7], [250, 0, 0]]]
    seen = np.asarray(decode(encode(image, transparency=1))[0]).tolist()
    assert seen == [[[9, 8, 7], [255, 255, 255]]]


def test_cmyk_loses_its_profile():
    data = encode(Image.new("CMYK", (4, 4), (0, 255, 255, 0)), "JPEG", icc_profile=b"profile")
    image, changed = decode(data)
    assert changed
    assert np.asarray(image)[0, 0, 0] > 240
    assert np.asarray(image)[0, 0, 1] < 15
    with Image.open(io.BytesIO(encode_png(image))) as again:
        assert "icc_profile" not in again.info


def test_16_bit_grey_is_scaled_not_clipped():
    values = np.array([[0, 257, 32896, 65535]], dtype=np.uint16)
    image, changed = decode(encode(Image.fromarray(values)))
    assert changed
    assert np.asarray(image)[0, :, 0].tolist() == [0, 1, 128, 255]


def test_16_bit_colour_becomes_8_bit():
    """Pillow writes no such PNG, so this one is put together by hand."""

    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)
    pixel = zlib.compress(b"\0" + struct.pack(">HHH", 65535, 32896, 0))
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", pixel), chunk(b"IEND", b"")]
    image, changed = decode(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    assert changed
    assert np.asarray(image).tolist() == [[[255, 128, 0]]]


def test_wide_integers_and_floats_fail():
    wide = np.array([[0, 70000]], dtype=np.int32)
    assert "32-bit" in reason(encode(Image.fromarray(wide), "TIFF"))
    assert "floating-point" in reason(encode(Image.new("F", (2, 2), 0.5), "TIFF"))


@pytest.mark.parametrize("tag", range(1, 9))
def test_exif_orientation_is_applied(tag):
    upright = np.zeros((8, 16, 3), dtype=np.uint8)
    upright[:4, :8] = 255  # the bright corner of the scene is at the top left
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: np.rot90(upright, 2).transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[tag]
    image, changed = decode(with_orientation(Image.fromarray(np.ascontiguousarray(stored)), tag))
    assert changed == (tag != 1)
    assert image.size == (16, 8)
    assert np.abs(np.asarray(image).astype(int) - upright).max() < 40
    assert not changed or image.getexif().get(0x0112, 1) == 1


def exif_of_one_entry(order, kind, number_format, *numbers):
    """Return EXIF data with an orientation alone, of a type of TIFF 6.0's, section 2."""
    value = struct.pack(order + number_format, *numbers)
    inside = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack(f"{order}I", 26)
    return b"".join(
        [
            b"Exif\0\0" + {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}I", 8),
            struct.pack(f"{order}HHHI", 1, 0x0112, kind, 1) + inside + bytes(4),
            value,
        ]
    )


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
@pytest.mark.parametrize(
    ("kind", "number_format", "numbers", "is_heeded"),
    [
        pytest.param(1, "B", [6], True, id="BYTE"),
        pytest.param(3, "H", [6], True, id="SHORT"),
        pytest.param(4, "I", [6], True, id="LONG"),
        pytest.param(6, "b", [6], True, id="SBYTE"),
        pytest.param(8, "h", [6], True, id="SSHORT"),
        pytest.param(9, "i", [6], True, id="SLONG"),
        pytest.param(1, "B", [0], False, id="BYTE 0"),
        pytest.param(1, "B", [9], False, id="BYTE 9"),
        pytest.param(6, "b", [-6], False, id="SBYTE below 0"),
        pytest.param(2, "2s", [b"6\0"], False, id="ASCII"),
        pytest.param(5, "II", [6, 1], False, id="RATIONAL"),
        pytest.param(11, "f", [6], False, id="FLOAT"),
    ],
)
def test_orientation_may_be_a_whole_number_of_any_length(
    order, file_format, kind, number_format, numbers, is_heeded
):
    exif = exif_of_one_entry(order, kind, number_format, *numbers)
    image, changed = decode(encode(Image.new("RGB", (16, 8)), file_format, exif=exif))
    assert image.size == ((8, 16) if is_heeded else (16, 8))
    assert changed is is_heeded


def test_bytes_that_are_no_image_say_why():
    assert reason(b"") == "empty file (0 bytes)"
    assert reason(b"just words").startswith("not an image of a known format")
    assert "0x" not in reason(b"just words"), "no memory address: reasons repeat"
    assert reason(b"%!PS-Adobe-3.0 EPSF-3.0\n").startswith("not an image"), "starts no program"


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_truncated_fails(file_format, share):
    data = picture(2, (32, 32), file_format)
    assert reason(data[: int(len(data) * share)])


def test_flipped_bit_in_a_png_fails():
    data = bytearray(picture(3, (32, 32)))
    data[len(data) // 2] ^= 1
    assert reason(bytes(data)).startswith("cannot be decoded")


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_broken_bytes_do_not_crash():
    generator = np.random.default_rng(0)
    for file_format in ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP"):
        original = picture(4, (16, 16), file_format)
        for _ in range(60):
            data = bytearray(original)
            for position in generator.integers(0, len(data), 8):
                data[position] = generator.integers(0, 256)
            with contextlib.suppress(UnreadableImageError):
                assert decode(bytes(data))[0].mode == "RGB"


def test_pixels_that_are_too_many_fail_unread():
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    body = b"IHDR" + header
    start = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body
    bomb = start + struct.pack(">I", zlib.crc32(body)) + struct.pack(">I", 0) + b"IDAT"
    assert reason(bomb) == f"more than {MAX_PIXELS} pixels"
    assert reason(picture(5), max_pixels=63) == "more than 63 pixels"
    assert decode(picture(5), max_pixels=64)[0].size == (8, 8)


def test_png_repeats_and_keeps_pixels():
    image, _ = decode(picture(6, file_format="JPEG"))
    assert encode_png(image) == encode_png(image)
    assert np.array_equal(pixels_of(encode_png(image)), np.asarray(image))


def test_error_without_text_is_called_by_its_kind(monkeypatch):
    def broken(*_, **__):
        raise EOFError

    monkeypatch.setattr(Image, "open", broken)
    assert reason(b"some") == "cannot be decoded: EOFError"
