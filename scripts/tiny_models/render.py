"""Printed digits: small pictures of one digit each, set in the fonts that matplotlib ships."""

import functools
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

IMAGE_SIZE = 16
SUPERSAMPLING = 8
DIGIT_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True)
class Font:
    """A font file with the words that describe it."""

    file: str
    style: str
    bold: bool = False
    slanted: bool = False


FONTS = (
    Font("DejaVuSans.ttf", "sans serif"),
    Font("DejaVuSans-Bold.ttf", "sans serif", bold=True),
    Font("DejaVuSans-Oblique.ttf", "sans serif", slanted=True),
    Font("DejaVuSans-BoldOblique.ttf", "sans serif", bold=True, slanted=True),
    Font("DejaVuSansMono.ttf", "monospaced"),
    Font("DejaVuSansMono-Bold.ttf", "monospaced", bold=True),
    Font("DejaVuSansMono-Oblique.ttf", "monospaced", slanted=True),
    Font("DejaVuSansMono-BoldOblique.ttf", "monospaced", bold=True, slanted=True),
    Font("DejaVuSerif.ttf", "serif"),
    Font("DejaVuSerif-Bold.ttf", "serif", bold=True),
    Font("DejaVuSerif-Italic.ttf", "serif", slanted=True),
    Font("DejaVuSerif-BoldItalic.ttf", "serif", bold=True, slanted=True),
    Font("STIXGeneral.ttf", "serif"),
    Font("STIXGeneralBol.ttf", "serif", bold=True),
    Font("STIXGeneralItalic.ttf", "serif", slanted=True),
    Font("STIXGeneralBolIta.ttf", "serif", bold=True, slanted=True),
    Font("cmr10.ttf", "serif"),
    Font("cmb10.ttf", "serif", bold=True),
    Font("cmti10.ttf", "serif", slanted=True),
    Font("cmss10.ttf", "sans serif"),
    Font("cmtt10.ttf", "monospaced"),
)


@dataclass(frozen=True)
class DigitAttributes:
    """What a printed digit looks like: lengths in pixels, angle in degrees, ink in [0, 1]."""

    digit: int
    font: Font
    height: float
    rotation: float
    shift_right: float
    shift_down: float
    ink: float

    @property
    def name(self) -> str:
        """The digit spelled as a word, which is also its class name."""
        return DIGIT_NAMES[self.digit]


def sample_attributes(digit: int, generator: np.random.Generator) -> DigitAttributes:
    """Draw the looks of one picture of `digit` (0 to 9) at random."""
    height = float(generator.uniform(8.5, 13.0))
    room = (IMAGE_SIZE - 1 - height) / 2
    return DigitAttributes(
        digit=digit,
        font=FONTS[int(generator.integers(len(FONTS)))],
        height=height,
        rotation=float(generator.uniform(-15.0, 15.0)),
        shift_right=float(generator.uniform(-room, room)),
        shift_down=float(generator.uniform(-room, room)),
        ink=float(generator.uniform(0.8, 1.0)),
    )


@functools.cache
def _glyph(font: Font, digit: int) -> Image.Image:
    """The digit's black-and-white glyph, cropped to its ink: mode "L", 128 pixels per em."""
    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / font.file
    truetype = ImageFont.truetype(str(path), IMAGE_SIZE * SUPERSAMPLING)
    canvas = Image.new("L", (IMAGE_SIZE * SUPERSAMPLING * 2,) * 2)
    ImageDraw.Draw(canvas).text((IMAGE_SIZE * 2,) * 2, str(digit), fill=255, font=truetype)
    return canvas.crop(canvas.getbbox())


def render_digit(attributes: DigitAttributes) -> npt.NDArray[np.uint8]:
    """Print one digit in white on black: (16, 16, 3) uint8, the three channels alike."""
    side = IMAGE_SIZE * SUPERSAMPLING
    glyph = _glyph(attributes.font, attributes.digit)
    scale = attributes.height * SUPERSAMPLING / glyph.height
    size = (max(1, round(glyph.width * scale)), round(glyph.height * scale))
    canvas = Image.new("L", (side, side))
    canvas.paste(glyph.resize(size, Image.Resampling.BILINEAR), _corner(attributes, size))
    turned = canvas.rotate(attributes.rotation, Image.Resampling.BILINEAR)
    small = np.asarray(turned.reduce(SUPERSAMPLING), dtype=np.float64)
    pixels = np.round(small * attributes.ink).astype(np.uint8)
    return np.repeat(pixels[:, :, None], 3, axis=2)


def _corner(attributes: DigitAttributes, size: tuple[int, int]) -> tuple[int, int]:
    """Where the glyph's upper left corner goes so that it is centred, then shifted."""
    side = IMAGE_SIZE * SUPERSAMPLING
    left = (side - size[0]) / 2 + attributes.shift_right * SUPERSAMPLING
    top = (side - size[1]) / 2 + attributes.shift_down * SUPERSAMPLING
    return round(left), round(top)


def render_random(
    digit: int, generator: np.random.Generator
) -> tuple[npt.NDArray[np.uint8], DigitAttributes]:
    """Print one digit with random looks: its picture (16, 16, 3) uint8 and its attributes."""
    attributes = sample_attributes(digit, generator)
    return render_digit(attributes), attributes
