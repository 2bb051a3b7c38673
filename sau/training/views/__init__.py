"""Random views of a batch of images, with parameters of its own for each image."""

from sau.training.views.compose import (
    VIEWS,
    ViewName,
    ViewOptions,
    auto_augment_view,
    crop_view,
    sim_augment_view,
)
from sau.training.views.normalise import Normalisation

__all__ = [
    "VIEWS",
    "Normalisation",
    "ViewName",
    "ViewOptions",
    "auto_augment_view",
    "crop_view",
    "sim_augment_view",
]
