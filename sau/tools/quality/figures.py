"""The figures of each class and of all: how far its generated images are from its real ones."""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sau.core.random_streams import numpy_generator
from sau.metrics.generated import (
    difference_of_colours,
    difference_of_spectra,
    expected_coverage,
    kernel_distance,
    manifold_figures,
)
from sau.tools.quality.features import Features
from sau.tools.quality.pixels import PixelSums
from sau.tools.quality.samples import Labels, Places

FEW = 50
"""Images below which chance says most of what the figures of a class say."""

MOST_IN_ALL = 10_000
"""Of either sort in the figures of all classes, as these compare every pair."""

ALL = "all"


@dataclasses.dataclass(frozen=True)
class ClassFigures:
    """What is measured of a class; NaN where there are too few images.

    Attributes: numbers of images; `kernel_distance` and its standard error; `precision`, `recall`,
        `coverage` and `expected_coverage` (of images of the real distribution) in percent;
        `density`; `spectrum` in powers of ten; `colour` in levels; `few`: a warning, or nothing.
    """

    name: str
    real: int
    generated: int
    kernel_distance: float
    standard_error: float
    precision: float
    recall: float
    density: float
    coverage: float
    expected_coverage: float
    spectrum: float
    colour: float
    few: str


class Measured(NamedTuple):
    """Images of one sort.

    Attributes:
        labels: int64 (N,).
        features: float64 (N, D).
        pixels: of each class and of all.
        of_all: places of those that count among all.
    """

    labels: Labels
    features: Features
    pixels: PixelSums
    of_all: Places


def figures_of(
    real: Measured,
    generated: Measured,
    class_names: Sequence[str],
    neighbours: int,
) -> list[ClassFigures]:
    """Return the figures of each class in label order, and then of all.

    Args:
        real: images.
        generated: likewise.
        class_names: in label order.
        neighbours: k of precision, recall, density and coverage.
    """

    def of_both(name: str, row: int, of_real: Places, of_generated: Places) -> ClassFigures:
        x, y = real.features[of_real], generated.features[of_generated]
        return _figures(name, row, x, y, (real.pixels, generated.pixels), neighbours)

    figures = [
        of_both(
            name,
            label,
            np.flatnonzero(real.labels == label),
            np.flatnonzero(generated.labels == label),
        )
        for label, name in enumerate(class_names)
    ]
    return [*figures, of_both(ALL, len(class_names), real.of_all, generated.of_all)]


def some_of_all(count: int, seed: int) -> Places:
    """Return the places of the images that stand for all classes: all, or as many as are drawn."""
    if count <= MOST_IN_ALL:
        return np.arange(count)
    return np.sort(numpy_generator("quality", seed, ALL).permutation(count)[:MOST_IN_ALL])


def _figures(
    name: str,
    row: int,
    x: Features,
    y: Features,
    pixels: tuple[PixelSums, PixelSums],
    neighbours: int,
) -> ClassFigures:
    """Return the figures of real features `x` and generated ones `y`, and of a row of pixels."""
    counts = len(x), len(y)
    missing = float("nan")
    distance = kernel_distance(y, x) if min(counts) >= 3 else (missing, missing)
    inside = (missing,) * 4
    expected = missing
    if min(counts) > neighbours:
        inside = manifold_figures(y, x, neighbours=neighbours)
        expected = expected_coverage(counts[1], counts[0], neighbours=neighbours)
    spectrum = colour = missing
    if min(counts):
        of_real, of_generated = pixels
        spectrum = difference_of_spectra(of_generated.spectra[row], of_real.spectra[row])
        colour = difference_of_colours(of_generated.colours[row], of_real.colours[row])
    return ClassFigures(
        name, *counts, *distance, *inside, expected, spectrum, colour, _warning(*counts)
    )


def _warning(real: int, generated: int) -> str:
    if min(real, generated) >= FEW:
        return ""
    return f"few images: {real} real, {generated} generated; chance says most"
