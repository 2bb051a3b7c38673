"""How far generated images are from real ones: by features of a network, spectrum and colours.

Pure functions of NumPy arrays. What they say is of two samples: with few images, chance says most.
"""

from sau.metrics.generated.colour import (
    colour_counts,
    colour_difference,
    difference_of_colours,
)
from sau.metrics.generated.kernel_distance import KernelDistance, kernel_distance
from sau.metrics.generated.manifolds import ManifoldFigures, expected_coverage, manifold_figures
from sau.metrics.generated.spectrum import (
    difference_of_spectra,
    radial_powers,
    radial_spectrum,
    spectrum_difference,
)

__all__ = [
    "KernelDistance",
    "ManifoldFigures",
    "colour_counts",
    "colour_difference",
    "difference_of_colours",
    "difference_of_spectra",
    "expected_coverage",
    "kernel_distance",
    "manifold_figures",
    "radial_powers",
    "radial_spectrum",
    "spectrum_difference",
]
