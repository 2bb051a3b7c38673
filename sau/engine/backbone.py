"""The backbone of a run: how it is built, what it starts from, and what images it wants."""

import dataclasses
from typing import Any

import torch
from torch import nn

from sau.core.errors import ArgumentError
from sau.core.random_streams import derive_seed
from sau.engine.backbone_names import is_from_library
from sau.engine.settings import TrainingSettings
from sau.networks import seeded
from sau.networks.encoder import feature_size, make_encoder
from sau.networks.low_rank import add_low_rank
from sau.networks.pretrained import PretrainedWeights, find_weights, load_weights
from sau.networks.resizing import Interpolation
from sau.storage.files import file_sha256
from sau.views import Normalisation


@dataclasses.dataclass(frozen=True, kw_only=True)
class Backbone:
    """What a run needs to know of its encoder before it is built.

    Attributes:
        feature_size: F.
        input_size: side in pixels to which the network resizes images; None: as they are.
        interpolation: with which it does.
        normalisation: of its images.
        weights: which it starts from; None for random ones.
    """

    feature_size: int
    input_size: int | None
    interpolation: Interpolation
    normalisation: Normalisation
    weights: PretrainedWeights | None


def plan_backbone(
    settings: TrainingSettings, normalisation: Normalisation, size: tuple[int, int]
) -> Backbone:
    """Return what the settings make of the backbone.

    Args:
        settings: of the run.
        normalisation: of the training images; a pretrained backbone has its own.
        size: height and width of the training images, in pixels.

    Raises:
        ArgumentError: no such backbone or weights, or one that cannot have such images.
    """
    weights = pretrained_weights(settings)
    if weights is not None:
        normalisation = Normalisation(weights.pixels.mean, weights.pixels.std)
    side = settings.input_size or (weights.pixels.size if weights else None)
    if is_from_library(settings.backbone):
        side = side or _side_of(settings, size)
        features = _tried(settings.backbone, side)
    else:
        features = feature_size(settings.backbone, settings.channels())
    return Backbone(
        feature_size=features,
        input_size=side,
        interpolation=weights.pixels.interpolation if weights else "bicubic",
        normalisation=normalisation,
        weights=weights,
    )


def start_encoder(
    encoder: nn.Module, settings: TrainingSettings, backbone: Backbone, seed: int
) -> None:
    """Give an encoder the weights that it starts from, and what learns beside them.

    Args:
        encoder: with random weights, on the CPU; changed in place.
        settings: of the run.
        backbone: as `plan_backbone` returns it.
        seed: of the run.

    Raises:
        ArgumentError: weights that do not fit, or nothing that low-rank matrices may stand beside.
    """
    if backbone.weights is not None:
        load_weights(encoder, settings.backbone, backbone.weights)
    if settings.lora_rank > 0:
        with seeded(derive_seed("training", seed, "lora")):
            add_low_rank(encoder, settings.lora_rank)


def pretrained_weights(settings: TrainingSettings) -> PretrainedWeights | None:
    """Return the weights that the backbone starts from; None for random ones.

    Raises:
        ArgumentError: they are not there.
    """
    if not settings.starts_pretrained():
        return None
    return find_weights(settings.backbone, settings.pretrained)


def pretrained_facts(settings: TrainingSettings) -> dict[str, Any]:
    """Return what the backbone starts from, as JSON values: nothing for random weights.

    Raises:
        ArgumentError: the weights are not there.
    """
    weights = pretrained_weights(settings)
    if weights is None:
        return {}
    return {
        "pretrained": {
            "source": weights.source,
            "sha256": file_sha256(weights.path),
            "licence": weights.licence,
        },
        "mean": list(weights.pixels.mean),
        "std": list(weights.pixels.std),
    }


def _side_of(settings: TrainingSettings, size: tuple[int, int]) -> int:
    height, width = size if settings.crop_size is None else (settings.crop_size,) * 2
    if height != width:
        raise ArgumentError(
            f"input_size: null, but images are {width} x {height} pixels and "
            f"{settings.backbone} has square ones; set it, such as to {min(height, width)}"
        )
    return height


def _tried(backbone: str, side: int) -> int:
    """Return the size of an encoder's features, after a look at one image without contents."""
    try:
        with torch.device("meta"):
            encoder = make_encoder(backbone, 0, side).eval()
            features = encoder(torch.empty(1, 3, side, side))
    except ValueError as error:
        raise ArgumentError(str(error)) from error
    except (RuntimeError, AssertionError) as error:
        raise ArgumentError(
            f"input_size: {side}, but {backbone} cannot have such images "
            f"({str(error).splitlines()[0]}); choose another size"
        ) from error
    found = encoder.feature_size
    assert features.shape == (1, found), (features.shape, found)
    return int(found)  # type: ignore[arg-type]
