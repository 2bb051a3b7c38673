"""Random views of a batch of images, with parameters of its own for each image."""

from sau.views.cifar import auto_augment_view, crop_view, sim_augment_view
from sau.views.compose import TEST_VIEWS, VIEW_SETS, test_view, view
from sau.views.imagenet import centre_view, colour_view, rand_augment_view
from sau.views.normalise import Normalisation
from sau.views.options import CropFill, CutoutFill, TestViews, ViewName, ViewOptions, ViewSet
from sau.views.testing import views_at_test

__all__ = [
    "TEST_VIEWS",
    "VIEW_SETS",
    "CropFill",
    "CutoutFill",
    "Normalisation",
    "TestViews",
    "ViewName",
    "ViewOptions",
    "ViewSet",
    "auto_augment_view",
    "centre_view",
    "colour_view",
    "crop_view",
    "rand_augment_view",
    "sim_augment_view",
    "test_view",
    "view",
    "views_at_test",
]
