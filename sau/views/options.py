"""What is to be known to make a view."""

import dataclasses
from typing import Literal

from sau.views.normalise import Normalisation

ViewName = Literal[
    "v1", "v2", "v3", "v1_again", "v2_again", "v3_again", "strong", "grey", "grey_again"
]
ViewSet = Literal["cifar", "imagenet"]
CutoutFill = Literal["mean", "black"]
CropFill = Literal["black", "reflect"]
Flips = Literal["random", "alternating"]
TestViews = Literal["whole", "flip", "flip_and_shift"]


@dataclasses.dataclass(frozen=True)
class ViewOptions:
    """What the views share: see the settings of the same names.

    `crop_padding`, `crop_fill`, `flips`, `cutout_size` and `cutout_fill` are of the set "cifar";
    `crop_size`, the side of the views in pixels (None: that of the stored images), is of the set
    "imagenet".
    """

    normalisation: Normalisation
    horizontal_flip: bool = True
    crop_padding: int = 4
    cutout_size: int = 16
    view_set: ViewSet = "cifar"
    crop_size: int | None = None
    cutout_fill: CutoutFill = "black"
    crop_fill: CropFill = "black"
    flips: Flips = "random"
