"""What all figures share: colours, sizes, and their form as inline SVG or PNG."""

import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.colorbar import Colorbar
from matplotlib.figure import Figure

INK = "#010203"
"""Colour of text and lines in a figure; in the SVG it becomes that of the page, light or dark."""

PAPER_INK = "#1f2328"
"""What `INK` is on the white ground of a PNG."""

# Okabe and Ito's palette, without its yellow and black, which one of the grounds would swallow.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")

_LOOK = {
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": "medium",
    "axes.titlelocation": "left",
    "figure.constrained_layout.use": True,
    "font.family": "sans-serif",
    "font.size": 9.0,
    "grid.alpha": 0.15,
    "grid.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.markersize": 5.0,
    "svg.fonttype": "none",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": INK,
    "ytick.color": INK,
}


WIDE, NARROW = 8.0, 3.75
"""Inches that a figure is wide: on a page, and on one of 390 pixels, of which 96 are an inch."""

_ROOM = 0.95
"""Share of a figure's width that a legend may take; browsers set its text in fonts of their own."""


class Drawing(NamedTuple):
    """A figure as SVG elements: for a page of a usual width, and for a narrow one."""

    wide: str
    narrow: str


class Style(NamedTuple):
    """How a method is drawn, in every figure of a page."""

    colour: str
    marker: str


def styles(names: Sequence[str]) -> dict[str, Style]:
    """Return a style for each different name: colours repeat after six, pairs after forty-two."""
    return {
        name: Style(_COLOURS[i % len(_COLOURS)], _MARKERS[i % len(_MARKERS)])
        for i, name in enumerate(dict.fromkeys(names))
    }


@contextmanager
def look(ink: str = INK) -> Iterator[None]:
    """Set how figures look, inside the block alone; a figure is drawn and saved in one block."""
    settings: Any = {key: ink if value == INK else value for key, value in _LOOK.items()}
    with mpl.rc_context(settings):
        yield


_SHIELD = "\u2060"
"""A word joiner, which takes no room: matplotlib leaves out of legends what begins with `_`."""


def shown(label: str) -> str:
    """Return a row's label as an artist's, such that `legend` shows it whatever it begins with."""
    return f"{_SHIELD}{label}" if label.startswith("_") else label


def legend(figure: Figure, axes: Axes) -> None:
    """Put the legend of `axes` above the whole figure, in as many columns as it has room for."""
    handles, labels = axes.get_legend_handles_labels()
    labels = [label.removeprefix(_SHIELD) for label in labels]
    for columns in range(min(len(labels), 6), 0, -1):
        made = figure.legend(handles, labels, loc="outside upper left", ncols=columns)
        if columns == 1 or made.get_window_extent().width <= _ROOM * figure.bbox.width:
            return
        made.remove()


def percent_bar(
    figure: Figure, image: Any, panels: Sequence[Axes], width: float, shrink: float = 1.0
) -> Colorbar:
    """Put the scale of shares beside some panels, or below them in a narrow figure."""
    place = "right" if width >= WIDE else "bottom"
    pad = 0.02 if width >= WIDE else 0.03
    bar = figure.colorbar(image, ax=panels, location=place, shrink=shrink, pad=pad)
    axis = bar.ax.yaxis if width >= WIDE else bar.ax.xaxis
    axis.set_major_formatter(lambda value, _: f"{value:.0%}")
    return bar


def to_svg(figure: Figure, description: str) -> str:
    """Return the figure as an `<svg>` element for an HTML page: no links, no dates, the page's ink.

    Args:
        figure: drawn inside `look()`.
        description: what it shows, for those who cannot see it; plain text without quotes.
    """
    buffer = io.StringIO()
    none = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    # Of two drawings on a page one is hidden, and nothing may refer to what is defined in it.
    with mpl.rc_context({"svg.hashsalt": f"sau {figure.get_figwidth():g}"}):
        figure.savefig(buffer, format="svg", transparent=True, metadata=none)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r' xmlns(:xlink)?="[^"]*"', "", text)
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    text = text.replace("xlink:href", "href").replace(INK, "currentColor")
    return text.replace("<svg", f'<svg role="img" aria-label="{description}"', 1).strip()


def drawing_of(draw: Callable[[float], Figure], description: str) -> Drawing:
    """Draw a figure for a page, wide and narrow; see `to_svg`.

    Args:
        draw: takes the width in inches.
        description: see `to_svg`.
    """
    with look():
        return Drawing(*(to_svg(draw(width), description) for width in (WIDE, NARROW)))


def png_of(draw: Callable[[], Figure]) -> bytes:
    """Draw a figure for paper; see `to_png`."""
    with look(PAPER_INK):
        return to_png(draw())


def to_png(figure: Figure) -> bytes:
    """Return the figure as a PNG on white, 160 dots an inch, with no date or version in it."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=160, facecolor="white", metadata={"Software": None})
    return buffer.getvalue()
