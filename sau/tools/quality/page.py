"""The page and the table of `sau quality`."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from sau.pipeline.report import formats
from sau.pipeline.report.page import Page, Section
from sau.pipeline.report.text_tables import TextTable
from sau.tools.quality.faults import Fault
from sau.tools.quality.figures import ClassFigures
from sau.tools.quality.gains import Correlation, Gains

CAPTION = (
    "Generated images that were kept against real training images, by features of the network. "
    "Kernel distance (KID), times 1,000, with its standard error: 0 in the mean for images of one "
    "distribution. Precision and recall: share of the generated images among real ones, and of the "
    "real ones among generated ones. Density: 1 in the mean for images of one distribution. "
    "Coverage: share of the real images that have a generated one near, and what it would be for "
    "images of the real distribution. Spectrum: mean difference of the power of frequencies, in "
    "powers of ten. Colour: levels of 255 that pixels have to be moved."
)
GAIN = "Gain: recall in percentage points, of {row} less that of {baseline}, mean of {seeds} seeds."
GOES_ALONG = (
    "Spearman's rank correlation over classes of each figure with the gain, with a 95 % interval "
    "of a bootstrap over classes. An interval that holds 0 says that these classes do not show it; "
    "of seven figures one may stand out by chance. In a long tail the gain goes with the number of "
    "real images before all."
)
FAULTS = (
    "What cleanvision finds of all real training images, by its own thresholds and as they are "
    "stored: images that the dataset stage has resized have no odd sizes any more, and small ones "
    "are easily called blurred. Nearly the same are images of one perceptual hash, which small "
    "ones may share by chance. Look before you leave one out."
)
_LISTED = 5
"""Images that are named of each fault."""

_NAMES = {
    "train_real": "Real training images",
    "kernel_distance": "Kernel distance",
    "precision": "Precision",
    "recall": "Recall",
    "density": "Density",
    "coverage": "Coverage",
    "spectrum": "Spectrum",
    "colour": "Colour",
}


def page_of(
    figures: Sequence[ClassFigures],
    gains: Gains | None,
    along: Mapping[str, Correlation],
    faults: Sequence[Fault] = (),
    *,
    facts: Sequence[tuple[str, str]],
    rows: tuple[str, str],
) -> Page:
    """Return the page.

    Args:
        figures: of each class, and of all.
        gains: of each class; None: none were asked for.
        along: how each figure goes along with them.
        faults: of single real images; none: nobody looked for them.
        facts: what was compared, as name and sentence.
        rows: labels of the row and of its baseline.
    """
    caption = CAPTION
    if gains is not None:
        row, baseline = rows
        caption += " " + GAIN.format(row=row, baseline=baseline, seeds=gains.seeds)
    sections = [Section("Classes", caption, _table(figures, gains))]
    if gains is not None:
        cells = [[_NAMES[name], _interval(one)] for name, one in along.items()]
        table = TextTable(["Figure", "Correlation with the gain"], cells)
        sections.append(Section("What goes along with the gain", GOES_ALONG, table))
    if faults:
        cells = [[one.name, str(len(one.ids)), ", ".join(one.ids[:_LISTED])] for one in faults]
        table = TextTable(["Fault", "Images", "Such as"], cells)
        sections.append(Section("Faults of real images", FAULTS, table))
    few = [one.name for one in figures if one.few]
    if few:
        said = f"chance says most of what is said of them: {', '.join(few[:10])}"
        facts = [*facts, ("Few images", f"{len(few)} rows of under 50 images, so {said}")]
    return Page("Generated against real images", "", "", list(facts), sections)


def frame_of(figures: Sequence[ClassFigures], gains: Gains | None) -> pd.DataFrame:
    """Return all figures with all digits, a row for each class and one for all."""
    frame = pd.DataFrame([vars(one) for one in figures])
    if gains is not None:
        own = [*gains.mean, math.nan], [*gains.standard_error, math.nan]
        frame["gain"], frame["gain_standard_error"] = own
    return frame


def frame_of_faults(faults: Sequence[Fault]) -> pd.DataFrame:
    """Return a row for each fault of each image: what the page calls it, and the image's id."""
    rows = [(fault.name, name) for fault in faults for name in fault.ids]
    return pd.DataFrame(rows, columns=["fault", "id"])


def _table(figures: Sequence[ClassFigures], gains: Gains | None) -> TextTable:
    heads = ["Class", "Real", "Generated", "Kernel distance", "Precision", "Recall", "Density"]
    heads += ["Coverage", "Spectrum", "Colour", *(["Gain"] if gains is not None else [])]
    rows = []
    for place, one in enumerate(figures):
        cells = [
            one.name,
            str(one.real),
            str(one.generated),
            _with(1000 * one.kernel_distance, 1000 * one.standard_error, "±"),
            _number(one.precision, 1),
            _number(one.recall, 1),
            _number(one.density, 2),
            _with(one.coverage, one.expected_coverage, "of", 1),
            _number(one.spectrum, 2),
            _number(one.colour, 1),
        ]
        if gains is not None:
            of_class = list(zip(gains.mean, gains.standard_error, strict=True))
            is_class = place < len(of_class)
            cells.append(_with(*of_class[place], "±", 1) if is_class else formats.NONE)
        rows.append(cells)
    return TextTable(heads, rows)


def _number(value: float, digits: int) -> str:
    return formats.NONE if math.isnan(value) else formats.decimal(value, digits)


def _with(value: float, other: float, word: str, digits: int = 2) -> str:
    if math.isnan(value):
        return formats.NONE
    text = formats.decimal(value, digits)
    return text if math.isnan(other) else f"{text} {word} {formats.decimal(other, digits)}"


def _interval(one: Correlation) -> str:
    low, high = formats.decimal(one.low, 2), formats.decimal(one.high, 2)
    return f"{formats.decimal(one.value, 2)} ({low} to {high})"
