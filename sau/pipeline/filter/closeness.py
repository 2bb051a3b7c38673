"""How near two images are: what the ways to tell have in common."""

from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from sau.pipeline.filter.reasons import Part

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

NONE = -1
"""The position of no image."""

FAR = np.float32(-np.inf)
"""The closeness of no image."""


class Closeness(Protocol):
    """Images of which it can be told how near they are; larger is nearer."""

    @property
    def least(self) -> float:
        """The closeness from which two images are near."""

    def __len__(self) -> int:
        """The number of images."""

    def take(self, positions: Integers) -> Self:
        """Return some of the images, in the order of `positions`."""

    def table(self, others: Self) -> npt.NDArray[Any]:
        """Return the closeness of each image to each of the others, (N, M); floats or integers."""

    def nearest(self, others: Self) -> tuple[Floats, Integers]:
        """Return the closeness and the position of the nearest of the others, (N,) each.

        `FAR` and `NONE` where there is none; what is not near may be left out.
        """

    def words(self, closeness: Floats) -> tuple[Part, ...]:
        """Return the parts of a sentence that say the closeness, (N,), and the limit."""
