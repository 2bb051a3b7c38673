"""The first layer of a network that whitens patches, made from training images."""

import torch

from sau.core.errors import ArgumentError
from sau.core.random_streams import derive_seed
from sau.data.sets import TrainingData
from sau.engine.backbone_names import WHITENED
from sau.networks import Network
from sau.networks.resizing import resized
from sau.networks.whitened_cnn import SMALLEST_SIDE, WhitenedCnn
from sau.views import ViewOptions, test_view

IMAGES = 5_000
"""From which the patches are taken; more would not change the filters' third digit."""

AT_ONCE = 250
"""Images that are normalised together."""


def refuse_small_images(backbone: str, side: int | None, size: tuple[int, int]) -> None:
    """Refuse images of which a `WhitenedCnn` would have nothing left.

    Args:
        backbone: of the run.
        side: to which the views or the network bring images; None: they stay as they are.
        size: height and width of the training images, in pixels.

    Raises:
        ArgumentError: they are too small.
    """
    least = side or min(size)
    if backbone == WHITENED and least < SMALLEST_SIDE:
        raise ArgumentError(
            f"backbone: {backbone} needs images of {SMALLEST_SIDE} pixels or more, but these have "
            f"{least}; set input_size, such as to 32"
        )


@torch.no_grad()
def start_whitening(network: Network, data: TrainingData, views: ViewOptions, seed: int) -> None:
    """Make the filters of a `WhitenedCnn` from some of the training images; leave others alone.

    Args:
        network: changed in place.
        data: the images; real and synthetic ones alike.
        views: how they are normalised; nothing of the views is random.
        seed: of the run, for which images.
    """
    encoder = network.encoder
    if not isinstance(encoder, WhitenedCnn):
        return
    generator = torch.Generator().manual_seed(derive_seed("training", seed, "whitening"))
    chosen = torch.randperm(len(data.ids), generator=generator)[:IMAGES].sort().values
    entrance = network.config.input_size, network.config.interpolation
    pieces = torch.split(chosen, AT_ONCE)
    encoder.whiten(
        resized(test_view(images, views), *entrance) for images in data.images.batches(pieces)
    )
