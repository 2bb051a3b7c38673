"""A sheet of pictures with their prompts, as one image."""

import dataclasses
from collections.abc import Sequence

from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

from sau.pipeline.images.image_generator import Drawn

GAP, MARGIN = 4, 12
"""Pixels between pictures, and around the sheet."""

TEXT, LINE = 13, 19
"""Pixels of the letters, and of a line of them."""

REASON_TEXT, REASON_LINE = 10, 13
"""The same, in the place of a picture that failed."""

SMALLEST_SIDE = 64
"""Pixels; smaller pictures are enlarged by a whole factor, their pixels left as squares."""

WHITE, INK, GREY = (255, 255, 255), (31, 35, 40), (225, 228, 232)


@dataclasses.dataclass(frozen=True)
class SheetRow:
    """The pictures of one prompt: a group for each column head."""

    prompt: str
    groups: list[list[Drawn]]


def draw_sheet(rows: Sequence[SheetRow], heads: Sequence[str]) -> Image.Image:
    """Draw all rows below each other, each under its prompt.

    Args:
        rows: at least one, with at least one picture each.
        heads: what stands above the groups, such as their guidance scales; one for each.

    Returns: an RGB image. A picture that failed is a grey square with its reason in it.
    """
    width, height = _tile_size(rows)
    count = max(len(group) for row in rows for group in row.groups)
    group = count * (width + GAP) + 2 * GAP
    block = LINE + height + 2 * GAP
    size = (2 * MARGIN + group * len(heads), 2 * MARGIN + LINE + block * len(rows))
    sheet = Image.new("RGB", size, WHITE)
    pen = ImageDraw.Draw(sheet)
    font = _font(TEXT)
    for place, head in enumerate(heads):
        _write(pen, font, head, (MARGIN + place * group, MARGIN), group - 2 * GAP)
    for number, row in enumerate(rows):
        top = MARGIN + LINE + number * block
        _write(pen, font, row.prompt, (MARGIN, top), size[0] - 2 * MARGIN)
        for place, drawn in enumerate(row.groups):
            for column, one in enumerate(drawn):
                left = MARGIN + place * group + column * (width + GAP)
                sheet.paste(_tile(one, (width, height)), (left, top + LINE))
    return sheet


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font_manager.findfont("DejaVu Sans"), size)


def _tile_size(rows: Sequence[SheetRow]) -> tuple[int, int]:
    """Return width and height of the pictures as shown; of a square if all of them failed."""
    shapes = [
        one.pixels.shape
        for row in rows
        for group in row.groups
        for one in group
        if one.pixels is not None
    ]
    height, width = (max(shape[axis] for shape in shapes) if shapes else 64 for axis in (0, 1))
    scale = max(1, -(-SMALLEST_SIDE // max(height, width)))
    return width * scale, height * scale


def _tile(drawn: Drawn, size: tuple[int, int]) -> Image.Image:
    tile = Image.new("RGB", size, GREY)
    if drawn.pixels is None:
        pen, font = ImageDraw.Draw(tile), _font(REASON_TEXT)
        for line, word in enumerate((drawn.reason or "failed").split()):
            _write(pen, font, word, (GAP, GAP + line * REASON_LINE), size[0] - 2 * GAP)
        return tile
    picture = Image.fromarray(drawn.pixels)
    scale = max(1, min(size[0] // picture.width, size[1] // picture.height))
    enlarged = (picture.width * scale, picture.height * scale)
    tile.paste(picture.resize(enlarged, Image.Resampling.NEAREST))
    return tile


def _write(
    pen: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont,
    text: str,
    place: tuple[int, int],
    width: int,
) -> None:
    """Write one line, cut with an ellipsis where it is too wide."""
    line = " ".join(text.split())
    if pen.textlength(line, font=font) > width:
        while line and pen.textlength(f"{line}…", font=font) > width:
            line = line[:-1]
        line = f"{line.rstrip()}…"
    pen.text(place, line, fill=INK, font=font)
