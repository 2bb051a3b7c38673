"""The views of an image that methods train on, and the one that it is tested on."""

from collections.abc import Callable

from torch import Generator, Tensor

from sau.views.cifar import (
    auto_augment_view,
    crop_view,
    grey_crop_view,
    sim_augment_view,
    whole_view,
)
from sau.views.imagenet import centre_view, colour_view, rand_augment_view
from sau.views.options import ViewName, ViewOptions, ViewSet

VIEW_SETS: dict[ViewSet, dict[ViewName, Callable[[Tensor, ViewOptions, Generator], Tensor]]] = {
    "cifar": {
        "v1": crop_view,
        "v2": auto_augment_view,
        "v3": sim_augment_view,
        "v1_again": crop_view,
        "v2_again": auto_augment_view,
        "v3_again": sim_augment_view,
        "strong": auto_augment_view,
        "grey": grey_crop_view,
        "grey_again": grey_crop_view,
    },
    "imagenet": {
        "v1": rand_augment_view,
        "v2": colour_view,
        "v3": colour_view,
        "v1_again": rand_augment_view,
        "v2_again": colour_view,
        "v3_again": colour_view,
        "strong": rand_augment_view,
        "grey": colour_view,
        "grey_again": colour_view,
    },
}
"""The views of each kind of data set, by name.

v1, v2 and v3 are the paper's. Of its rivals, BCL, PaCo and ProCo train the classifier on "strong",
Hybrid-SC all of it on "grey"; "again" is a second draw of the same kind, for contrastive pairs.
"""

TEST_VIEWS: dict[ViewSet, Callable[[Tensor, ViewOptions], Tensor]] = {
    "cifar": whole_view,
    "imagenet": centre_view,
}
"""What a trained network is shown, for each kind of data set; nothing of it is random."""


def view(name: ViewName, images: Tensor, options: ViewOptions, generator: Generator) -> Tensor:
    """Return the view called `name` of uint8 (B, 3, H, W): normalised float32.

    Its height and width are those of `images`, or `options.crop_size` in the set "imagenet".
    """
    return VIEW_SETS[options.view_set][name](images, options, generator)


def test_view(images: Tensor, options: ViewOptions) -> Tensor:
    """Return what is tested of uint8 (B, 3, H, W): normalised float32, of the size of `view`."""
    return TEST_VIEWS[options.view_set](images, options)
