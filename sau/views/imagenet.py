"""The views for photographs: random windows of a larger stored image."""

from torch import Generator, Tensor

from sau.core.errors import ArgumentError
from sau.views.colour import random_colour_jitter, random_greyscale
from sau.views.normalise import to_bytes, to_unit
from sau.views.options import ViewOptions
from sau.views.rand_augment import rand_augment
from sau.views.resized_crop import random_resized_crop_flip
from sau.views.torchvision_functions import vision

TEST_SHARE = 224 / 256
"""Side of the test images' centre, as a share of the side of the image."""


def rand_augment_view(images: Tensor, options: ViewOptions, generator: Generator) -> Tensor:
    """Return v1 of uint8 (B, 3, S, S): window, flip, colour jitter, RandAugment, all random.

    The jitter is the one of SAU's own code (lgX1123/gm4lt, utils/util.py) and, before it, of
    BCL's (main.py) and PaCo's (paco_lt.py): brightness, contrast and saturation by 0.4, the hue
    not at all, on every image, before RandAugment. All three write RandAugment as
    "rand-n2-m10-mstd0.5" in the style of the library timm, where 10 is the greatest level and a
    chosen operation is left out half of the time. Here n = 2 and m = 10 are the paper's and
    torchvision's: level 10 of 0 to 30, and a chosen operation is always applied.

    Returns normalised float32 (B, 3, C, C), C being `crop_size`.
    """
    unit = random_colour_jitter(
        _windows(images, options, generator), (0.4, 0.4, 0.4, 0.0), 1.0, generator
    )
    return options.normalisation.from_bytes(rand_augment(to_bytes(unit), 2, 10, generator))


def colour_view(images: Tensor, options: ViewOptions, generator: Generator) -> Tensor:
    """Return v2 or v3 of uint8 (B, 3, S, S): window, flip, colour jitter, greyscale, all random.

    The same in SAU's own code and in BCL's, whose contrastive views they are.

    Returns normalised float32 (B, 3, C, C), C being `crop_size`.
    """
    unit = _windows(images, options, generator)
    unit = random_colour_jitter(unit, (0.4, 0.4, 0.4, 0.1), 0.8, generator)
    return options.normalisation.from_unit(random_greyscale(unit, 0.2, generator))


def centre_view(images: Tensor, options: ViewOptions) -> Tensor:
    """Return the view for testing of uint8 (B, 3, S, S): the centre, normalised.

    The image is resized, with antialiasing, to the side of which `crop_size` is 224 / 256, and
    its centre cut out: images stored at 256 are only cut, to 224. Without a `crop_size` the whole
    image is taken as it is stored.

    Returns float32 (B, 3, C, C), C being `crop_size`.
    """
    stored, side = _stored_side(images), options.crop_size
    if side is None:
        return options.normalisation.from_bytes(images)
    resized = round(side / TEST_SHARE)
    unit = to_unit(images)
    if resized != stored:
        unit = vision().resize(unit, [resized, resized], antialias=True)
    return options.normalisation.from_unit(vision().center_crop(unit, [side, side]))


def _windows(images: Tensor, options: ViewOptions, generator: Generator) -> Tensor:
    stored = _stored_side(images)
    side = stored if options.crop_size is None else options.crop_size
    scale, ratio, flip = (0.08, 1.0), (3 / 4, 4 / 3), options.horizontal_flip
    return random_resized_crop_flip(to_unit(images), scale, ratio, flip, generator, (side, side))


def _stored_side(images: Tensor) -> int:
    height, width = images.shape[2:]
    if height != width:
        raise ArgumentError(
            f"view_set: imagenet makes its views of squares, but images have {height} x {width} "
            "pixels; resize them to squares, or set it to cifar"
        )
    return height
