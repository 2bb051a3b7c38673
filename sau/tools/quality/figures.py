"""The figures of each class and of all: how far its generated images are from its real ones."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sau.core.random_streams import numpy_generator
from sau.metrics.generated import (
    colour_difference,
    expected_coverage,
    kernel_distance,
    manifold_figures,
    spectrum_difference,
)
from sau.tools.quality.features import Features
from sau.tools.quality.samples import Sample

Places = npt.NDArray[np.int64]

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


def figures_of(
    real: tuple[Sample, Features],
    generated: tuple[Sample, Features],
    class_names: Sequence[str],
    neighbours: int,
    seed: int,
) -> list[ClassFigures]:
    """Return the figures of each class in label order, and then of all.

    Args:
        real: images, and their features (N, D).
        generated: likewise.
        class_names: in label order.
        neighbours: k of precision, recall, density and coverage.
        seed: of the images that are drawn for the figures of all classes.
    """

    def of_both(name: str, of_real: Places, of_generated: Places) -> ClassFigures:
        return _figures(name, real, generated, of_real, of_generated, neighbours)

    labels = real[0].labels, generated[0].labels
    figures = [
        of_both(name, np.flatnonzero(labels[0] == label), np.flatnonzero(labels[1] == label))
        for label, name in enumerate(class_names)
    ]
    return [*figures, of_both(ALL, _some(len(labels[0]), seed), _some(len(labels[1]), seed))]


def _some(count: int, seed: int) -> Places:
    if count <= MOST_IN_ALL:
        return np.arange(count)
    return np.sort(numpy_generator("quality", seed, ALL).permutation(count)[:MOST_IN_ALL])


def _figures(
    name: str,
    real: tuple[Sample, Features],
    generated: tuple[Sample, Features],
    of_real: Places,
    of_generated: Places,
    neighbours: int,
) -> ClassFigures:
    counts = len(of_real), len(of_generated)
    x, y = real[1][of_real], generated[1][of_generated]
    missing = float("nan")
    distance = kernel_distance(y, x) if min(counts) >= 3 else (missing, missing)
    inside = (missing,) * 4
    expected = missing
    if min(counts) > neighbours:
        inside = manifold_figures(y, x, neighbours=neighbours)
        expected = expected_coverage(counts[1], counts[0], neighbours=neighbours)
    spectrum = colour = missing
    if min(counts):
        pixels = generated[0].pixels[of_generated], real[0].pixels[of_real]
        spectrum, colour = spectrum_difference(*pixels), colour_difference(*pixels)
    return ClassFigures(
        name, *counts, *distance, *inside, expected, spectrum, colour, _warning(*counts)
    )


def _warning(real: int, generated: int) -> str:
    if min(real, generated) >= FEW:
        return ""
    return f"few images: {real} real, {generated} generated; chance says most"
