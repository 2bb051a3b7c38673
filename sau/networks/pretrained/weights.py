"""What is known of weights before they are loaded."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self, cast, get_args

from sau.core.errors import ArgumentError
from sau.networks.resizing import Interpolation

Colour = tuple[float, float, float]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pixels:
    """How weights want their images.

    `mean` and `std`: of each colour channel, in 0 to 1, the latter above 0; `size`: side in pixels;
    `interpolation`: with which images are brought to that size.
    """

    mean: Colour
    std: Colour
    size: int
    interpolation: Interpolation

    @classmethod
    def from_config(cls, config: Mapping[str, Any], size: Any) -> Self:
        """Read mean, std and interpolation of a library's configuration.

        Args:
            config: with keys of these names.
            size: side of the images.

        Raises:
            ValueError: one of them is missing, or is none that can be used.
        """
        mean, std = _colour("mean", config.get("mean")), _colour("std", config.get("std"))
        if min(std) <= 0:
            raise ValueError(f"std is {std}, expected three numbers above 0")
        if not isinstance(size, int) or size < 1:
            raise ValueError(f"the size of its images is {size!r}, expected pixels of a side")
        interpolation = config.get("interpolation")
        if interpolation not in get_args(Interpolation):
            known = " or ".join(get_args(Interpolation))
            raise ValueError(f"interpolation is {interpolation!r}, expected {known}")
        return cls(mean=mean, std=std, size=size, interpolation=cast(Interpolation, interpolation))


def _colour(key: str, numbers: object) -> Colour:
    match numbers:
        case [int() | float() as red, int() | float() as green, int() | float() as blue]:
            if all(map(math.isfinite, (red, green, blue))):
                return float(red), float(green), float(blue)
    raise ValueError(f"{key} is {numbers!r}, expected three numbers, one a channel")


@dataclasses.dataclass(frozen=True, kw_only=True)
class PretrainedWeights:
    """A file of weights for an encoder.

    `path`: of the file; `pixels`: how they want their images; `source`: where they are from, in
    words that hold on any machine; `licence`: as their library states it, or empty.
    """

    path: Path
    pixels: Pixels
    source: str
    licence: str = ""

    @classmethod
    def of_folder(cls, folder: Path, names: Sequence[str], pixels: Pixels) -> Self:
        """Return the weights in a folder, in the first file of some names.

        Raises:
            ArgumentError: no such file in it.
        """
        path = next((folder / name for name in names if (folder / name).is_file()), None)
        if path is None:
            raise ArgumentError(
                f"pretrained: {folder} has no file of weights; expected {' or '.join(names)}"
            )
        return cls(path=path, pixels=pixels, source=f"the folder {folder.name}")
