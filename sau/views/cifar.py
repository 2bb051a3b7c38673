"""The views for small images: CIFAR's size, or thereabouts."""

from torch import Generator, Tensor

from sau.views.auto_augment import auto_augment
from sau.views.blur import random_blur
from sau.views.colour import random_colour_jitter, random_greyscale
from sau.views.crop import random_crop_flip
from sau.views.cutout import random_cutout
from sau.views.normalise import to_unit
from sau.views.options import ViewOptions
from sau.views.resized_crop import random_resized_crop_flip


def crop_view(images: Tensor, options: ViewOptions, generator: Generator) -> Tensor:
    """Return v1 of uint8 (B, 3, H, W): random crop and flip; normalised float32 (B, 3, H, W)."""
    padding, flip = options.crop_padding, options.horizontal_flip
    return options.normalisation.from_bytes(
        random_crop_flip(images, padding, flip, generator, options.crop_fill)
    )


def auto_augment_view(images: Tensor, options: ViewOptions, generator: Generator) -> Tensor:
    """Return v2: random crop, flip, AutoAugment and Cutout.

    `cutout_fill` says what the hole is filled with. "mean" cuts the normalised image, so the hole
    has the training set's mean colour, as in the code of Cutout's authors
    (uoguelph-mlrg/Cutout, train.py). "black" cuts before normalising, as SAU's own code
    (lgX1123/gm4lt, utils/util.py) and PaCo's (paco_cifar.py), from which its views come.
    """
    normalisation, size = options.normalisation, options.cutout_size
    padding, flip = options.crop_padding, options.horizontal_flip
    images = auto_augment(
        random_crop_flip(images, padding, flip, generator, options.crop_fill), generator
    )
    if options.cutout_fill == "black":
        return normalisation.from_bytes(random_cutout(images, size, generator))
    return random_cutout(normalisation.from_bytes(images), size, generator)


def grey_crop_view(images: Tensor, options: ViewOptions, generator: Generator) -> Tensor:
    """Return the view "grey": random crop and flip, and grey with probability 0.2.

    Source: Wang et al., "Contrastive Learning based Hybrid Networks for Long-Tailed Image
    Classification" (CVPR 2021), whose augmentation this is.
    """
    padding, flip = options.crop_padding, options.horizontal_flip
    unit = to_unit(random_crop_flip(images, padding, flip, generator, options.crop_fill))
    return options.normalisation.from_unit(random_greyscale(unit, 0.2, generator))


def sim_augment_view(images: Tensor, options: ViewOptions, generator: Generator) -> Tensor:
    """Return v3, SimAugment: resized crop, flip, colour jitter, greyscale and blur, all random.

    Source: Chen et al., "A Simple Framework for Contrastive Learning of Visual Representations"
    (ICML 2020), with the strengths of He et al.'s MoCo v2.
    """
    unit = random_resized_crop_flip(
        to_unit(images), (0.2, 1.0), (3 / 4, 4 / 3), options.horizontal_flip, generator
    )
    unit = random_colour_jitter(unit, (0.4, 0.4, 0.4, 0.1), 0.8, generator)
    unit = random_greyscale(unit, 0.2, generator)
    unit = random_blur(unit, (0.1, 2.0), 0.5, generator)
    return options.normalisation.from_unit(unit)


def whole_view(images: Tensor, options: ViewOptions) -> Tensor:
    """Return the view for testing: uint8 (B, 3, H, W), normalised."""
    return options.normalisation.from_bytes(images)
