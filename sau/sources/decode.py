"""Bytes to a checked RGB image, or the reason why not; and back to PNG."""

import io
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError

from sau.sources import jpeg_segments, png_chunks
from sau.storage.regular import read_regular

MAX_PIXELS = 89_478_485
"""Pixels of the largest image that is decoded: a quarter of a GiB at 3 bytes each."""

MAX_BYTES = 2**28
"""Of one file: as many as the pixels of the largest image take, without compression."""

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000")
"""What is tried, and no more: some of Pillow's other formats start external programs."""

Image.init()  # registers all formats; a Pillow may be built without some of them
_SUPPORTED = tuple(name for name in FORMATS if name in Image.OPEN)

SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jfif", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm"}
    | {".jp2"}
)
"""File names, in lower case, that are taken for images."""

_ORIENTATION = 0x0112  # EXIF tag; 1 is upright
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes an image of each orientation upright (EXIF 2.3, 4.6.4)."""
_PHOTOMETRIC = 0x0106  # TIFF tag; 0: white is the smallest value, 1: black is
_ALPHA_MODES = {"RGBA", "RGBa", "LA", "La", "PA"}


class Decoded(NamedTuple):
    """A decoded image, and what it was before.

    Attributes:
        image: upright, RGB, 8 bits a channel.
        changed: whether it differs from what its bytes say, so must be encoded again.
        size: width and height in pixels, as stored.
        mode: Pillow's, as stored.
    """

    image: Image.Image
    changed: bool
    size: tuple[int, int]
    mode: str


class UnreadableImageError(ValueError):
    """The bytes are no image that can be used; says why, in words that repeat on every machine."""


def bytes_of(data: bytes | None, path: Path | str | None) -> bytes:
    """Return an image's encoded bytes: those at hand, else those of its file.

    Raises:
        UnreadableImageError: neither is there, or the file cannot be read.
    """
    if data is not None:
        return data
    if path is None:
        raise UnreadableImageError("no image: neither bytes nor a path")
    try:
        return read_regular(Path(path), MAX_BYTES)
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableImageError(f"file cannot be read: {reason}") from error


def decode(data: bytes, *, max_pixels: int = MAX_PIXELS) -> tuple[Image.Image, bool]:
    """Decode `data` as `decode_and_look` does; return the image, and whether it was changed."""
    return decode_and_look(data, max_pixels=max_pixels)[:2]


def decode_and_look(
    data: bytes, *, max_pixels: int = MAX_PIXELS, sketch: int | None = None
) -> Decoded:
    """Decode `data` into an upright image of mode RGB, 8 bits a channel.

    Grey is repeated in the three channels; 16 bits a channel are scaled to 8; palette and CMYK are
    converted, colour profiles are not applied; what is transparent is laid on white, the page that
    such images are drawn for; the EXIF orientation is applied; of an animation the first frame
    counts.

    Args:
        data: an encoded image.
        max_pixels: of the largest image that is decoded, at most `MAX_PIXELS`.
        sketch: pixels of a shorter side that are enough to look at; a larger JPEG comes back at an
            eighth, a quarter or half of its size, as far as that leaves so many, and sooner.

    Raises:
        UnreadableImageError: empty, of no known format, corrupt, truncated or too large.
    """
    if not data:
        raise UnreadableImageError("empty file (0 bytes)")
    if len(data) > MAX_BYTES:
        raise UnreadableImageError(f"larger than {MAX_BYTES:,} bytes")
    try:
        return _decode(data, max_pixels, sketch)
    except (UnreadableImageError, MemoryError):
        raise
    except UnidentifiedImageError as error:  # its text holds a memory address
        raise UnreadableImageError(
            f"not an image of a known format ({', '.join(FORMATS)})"
        ) from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise UnreadableImageError(f"more than {max_pixels} pixels") from error
    except Exception as error:  # Pillow's readers raise a dozen kinds on a broken file
        reason = str(error) or type(error).__name__
        raise UnreadableImageError(f"cannot be decoded: {reason}") from error


def encode_png(image: Image.Image) -> bytes:
    """Encode an image as PNG, pixels only: no profile, no EXIF of the file it came from."""
    bare = image.copy()
    bare.info.clear()
    buffer = io.BytesIO()
    bare.save(buffer, "PNG")
    return buffer.getvalue()


def _decode(data: bytes, max_pixels: int, sketch: int | None) -> Decoded:
    """Decode an image as it is, or else without what its pixels do not depend on."""
    try:
        return _decode_as_it_is(data, max_pixels, sketch)
    except UnreadableImageError:
        raise
    except Exception:
        bare = jpeg_segments.pixels_alone(png_chunks.pixels_alone(data))
        if bare == data:
            raise
        # Training reads images without such care, so this one is encoded again.
        return _decode_as_it_is(bare, max_pixels, sketch)._replace(changed=True)


def _decode_as_it_is(data: bytes, max_pixels: int, sketch: int | None) -> Decoded:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of damage in what pixels do not depend on
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        image: Image.Image = Image.open(io.BytesIO(data), formats=_SUPPORTED)
        if image.width * image.height > max_pixels:
            raise UnreadableImageError(f"more than {max_pixels} pixels")
        if image.format == "PNG":  # the only one with check sums, which load() skips
            Image.open(io.BytesIO(data), formats=("PNG",)).verify()
        size, mode = image.size, image.mode
        deep = ";16" in str(getattr(image, "tile", ""))  # 16-bit RGB, which Pillow reads as RGB
        if sketch is not None:
            image.draft(None, (sketch, sketch))  # changes nothing but JPEG
        image.load()
    turn = _TURNS.get(_orientation(image))
    changed = turn is not None or deep or image.mode != "RGB" or "transparency" in image.info
    upright = _to_rgb(image) if changed else image
    if turn is not None:
        upright = upright.transpose(turn)
        for name in ("exif", "xmp", "XML:com.adobe.xmp"):  # they would have it turned again
            upright.info.pop(name, None)
    return Decoded(upright, changed, size, mode)


def _orientation(image: Image.Image) -> int:
    """Return the orientation that EXIF or XMP says, 1 where they say nothing that can be read.

    EXIF has it in 16 bits. Whole numbers of another length are heeded; fractions and texts are not,
    by which viewers do not turn an image either.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of damage elsewhere in it
        try:
            value = image.getexif().get(_ORIENTATION, 1)
        except Exception:
            return 1
    if isinstance(value, bytes) and len(value) == 1:  # a number of 8 bits
        return value[0]
    return value if isinstance(value, int) else 1


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "F":
        raise UnreadableImageError("floating-point pixels, whose range the file does not say")
    if image.mode == "I" or image.mode.startswith("I;16"):
        return _from_16_bits(image, white_is_zero=_white_is_zero(image))
    if image.mode in _ALPHA_MODES or "transparency" in image.info:
        layered = image.convert("RGBA")
        page = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(page, layered).convert("RGB")
    return image.convert("RGB")


def _white_is_zero(image: Image.Image) -> bool:
    """Return whether a TIFF's smallest value is white, which Pillow heeds in 8 bits only."""
    tags = getattr(image, "tag_v2", {}) if image.format == "TIFF" else {}
    return tags.get(_PHOTOMETRIC) == 0


def _from_16_bits(image: Image.Image, *, white_is_zero: bool) -> Image.Image:
    values = np.asarray(image)
    if values.min() < 0 or values.max() > 65535:
        raise UnreadableImageError("32-bit pixels, expected 8 or 16 bits a channel")
    greys = np.rint(np.arange(65536) / 257).astype(np.uint8)  # 65535 = 257 * 255
    greys = greys[::-1] if white_is_zero else greys
    return Image.fromarray(greys[values.astype(np.uint16)]).convert("RGB")
