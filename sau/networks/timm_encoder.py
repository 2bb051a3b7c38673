"""Encoders of timm, by their names there."""

from typing import Any, cast

import timm
from timm.models import PretrainedCfg, get_pretrained_cfg, group_parameters
from torch import Tensor, nn

from sau.settings.names import did_you_mean


class TimmEncoder(nn.Module):
    """A model of timm without its classifier, its weights random.

    Args:
        name: of the model, with or without the tag of weights, such as `resnet50.a1_in1k`.
        input_size: side of its images in pixels, for models that are built for one size; None:
            that of its published weights.

    Raises:
        ValueError: no such model, or one that cannot have images of that size.
    """

    def __init__(self, name: str, input_size: int | None = None) -> None:
        super().__init__()
        published = published_config(name)
        sized: dict[str, Any] = (
            {"img_size": input_size} if input_size and published.fixed_input_size else {}
        )
        try:
            self.network = timm.create_model(name, pretrained=False, num_classes=0, **sized)
        except (ValueError, RuntimeError, AssertionError, TypeError) as error:
            size = f" with images of {input_size} pixels" if sized else ""
            raise ValueError(f"backbone: timm/{name} cannot be built{size}: {error}") from error
        features = getattr(self.network, "head_hidden_size", None) or self.network.num_features
        self.feature_size = cast(int, features)

    def forward(self, images: Tensor) -> Tensor:
        """Map normalised images (B, 3, H, W) to features (B, F)."""
        features: Tensor = self.network(images)
        return features

    def layers(self) -> dict[str, int]:
        """Return the place of each parameter's layer, from 0 at the images, by its name.

        Raises:
            ValueError: timm does not say it of this model.
        """
        matcher = getattr(self.network, "group_matcher", None)
        if matcher is None:
            raise ValueError("timm does not say which layers it has")
        places = group_parameters(self.network, matcher(coarse=False), reverse=True)
        return {f"network.{name}": place for name, place in places.items()}


def published_config(name: str) -> PretrainedCfg:
    """Return what timm says of the weights that are published under a model's name.

    Raises:
        ValueError: timm has no such model, or no weights with such a tag.
    """
    if not timm.is_model(name):
        question = did_you_mean(name, timm.list_models(), likeness=0.6)
        raise ValueError(
            f"backbone: timm/{name}: timm {timm.__version__} has no such model"
            + (f" ({question})" if question else "; timm.list_models() names all")
        )
    try:
        return get_pretrained_cfg(name, allow_unregistered=False) or PretrainedCfg()
    except RuntimeError as error:
        architecture, tags = name.partition(".")[0], timm.list_pretrained(name.partition(".")[0])
        raise ValueError(
            f"backbone: timm/{name}: {error} Expected {architecture}"
            + "".join(f", {tag}" for tag in tags)
        ) from error
