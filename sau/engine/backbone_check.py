"""Whether a backbone of another library can be had at all, seen before anything is computed."""

import torch

from sau.core.errors import ArgumentError
from sau.engine.backbone import plan_backbone
from sau.engine.backbone_names import is_from_library
from sau.engine.settings import TrainingSettings
from sau.networks.encoder import make_encoder
from sau.networks.low_rank import add_low_rank
from sau.networks.pretrained import find_weights
from sau.views import Normalisation

_ANY = Normalisation((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def check_backbone(settings: TrainingSettings, side: int | None) -> None:
    """Refuse a backbone that training would refuse, as far as its name and its folder tell.

    No weight is drawn, read or fetched.

    Args:
        settings: of a run.
        side: of its images in pixels; None: not known.

    Raises:
        ArgumentError: no such model, a name that does not say which published weights, a folder
            of another model, images of a size that it cannot have, or `lora_rank` of a network
            that has nothing to adapt.
    """
    if not is_from_library(settings.backbone):
        return
    wanted = settings.input_size
    if settings.weights_path():
        weights = find_weights(settings.backbone, settings.weights_path())
        wanted = wanted or weights.pixels.size
    elif not settings.starts_pretrained():
        wanted = wanted or settings.crop_size or side
    if wanted is not None:
        bare = TrainingSettings(backbone=settings.backbone, input_size=wanted)
        plan_backbone(bare, _ANY, (wanted, wanted))
    try:
        with torch.device("meta"):
            encoder = make_encoder(settings.backbone, 0, wanted)
    except ValueError as error:
        raise ArgumentError(str(error)) from error
    library, _, name = settings.backbone.partition("/")
    if library == "open_clip" and settings.starts_pretrained() and not settings.weights_path():
        from sau.networks.pretrained.of_open_clip import published_config

        published_config(name)
    if settings.lora_rank > 0:
        add_low_rank(encoder, settings.lora_rank)
