"""Settings of the views that are trained on, and of those that are tested."""

from typing import Literal

from sau.engine.optimizer_settings import OptimizerSettings
from sau.settings.section import setting


class ViewSettings(OptimizerSettings):
    """How images become what the network sees."""

    view_set: Literal["cifar", "imagenet"] = setting(
        "cifar", "kind of views: crops, AutoAugment and SimAugment, or ImageNet's with RandAugment"
    )
    crop_size: int | None = setting(
        None,
        "imagenet: side of the views and of the test images' centre; null: as stored",
        unit="pixels",
        minimum=4,
    )
    horizontal_flip: bool = setting(
        True, "flip images left to right in the views; off where direction matters, as in digits"
    )
    flips: Literal["random", "alternating"] = setting(
        "random",
        "of v1 and v2: drawn for each image and epoch, or drawn once and then turned with every"
        " epoch, so that two epochs show both sides of each image",
        only_with={"view_set": "cifar"},
    )
    crop_padding: int = setting(
        4,
        "padding before the random crop",
        unit="pixels",
        minimum=0,
        only_with={"view_set": "cifar"},
    )
    crop_fill: Literal["black", "reflect"] = setting(
        "black",
        "of the padding: black, or the image reflected at its border",
        only_with={"view_set": "cifar"},
    )
    cutout_size: int = setting(
        16,
        "side of the Cutout hole",
        unit="pixels",
        minimum=0,
        only_with={"view_set": "cifar"},
    )
    cutout_fill: Literal["black", "mean"] = setting(
        "black",
        "of the hole: as in SAU's code, or the mean colour as Cutout's authors have it",
        only_with={"view_set": "cifar"},
    )
    test_views: Literal["whole", "flip", "flip_and_shift"] = setting(
        "whole",
        "average the test probabilities over views of an image: it alone; it and its mirror image; "
        "or both, as they are and shifted by a pixel each way",
    )
