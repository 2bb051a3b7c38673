"""How far generated images are from real ones: by features of a network, spectrum and colours.

Pure functions of NumPy arrays. What they say is of two samples: with few images, chance says most.
"""

from sau.metrics.generated.colour import colour_difference
from sau.metrics.generated.kernel_distance import KernelDistance, kernel_distance
from sau.metrics.generated.manifolds import ManifoldFigures, expected_coverage, manifold_figures
from sau.metrics.generated.spectrum import radial_spectrum, spectrum_difference

__all__ = [
    "KernelDistance",
    "ManifoldFigures",
    "colour_difference",
    "expected_coverage",
    "kernel_distance",
    "manifold_figures",
    "radial_spectrum",
    "spectrum_difference",
]
