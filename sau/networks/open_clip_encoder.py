"""Image towers of open_clip's models, by their names there."""

from typing import Any

import open_clip
from open_clip.model import _build_vision_tower  # there is no public way to build a tower alone
from timm.models import group_parameters
from torch import Tensor, nn

from sau.settings.names import did_you_mean

_LAYERS = {
    "stem": r"^(?:class_embedding|positional_embedding|conv1|ln_pre|patchnorm)",
    "blocks": [
        (r"^transformer\.resblocks\.(\d+)", None),
        (r"^(?:ln_post|proj|attn_pool)", (99999,)),
    ],
}
"""The parameters of open_clip's own vision transformer, in timm's way to say it."""


class OpenClipEncoder(nn.Module):
    """The image tower of a model of open_clip, its projection to the texts' space included.

    Args:
        name: of the model, with or without the tag of weights, such as `ViT-B-32.openai`.
        input_size: side of its images in pixels; None: that of the model.

    Raises:
        ValueError: no such model or tag, or one that cannot have images of that size.
    """

    def __init__(self, name: str, input_size: int | None = None) -> None:
        super().__init__()
        config = tower_config(name)
        size = input_size or config["vision_cfg"]["image_size"]
        own = {"image_size": size, "timm_model_pretrained": False, "output_tokens": False}
        try:
            self.network = _build_vision_tower(
                config["embed_dim"],
                config["vision_cfg"] | own,
                quick_gelu=wants_quick_gelu(name),
            )
        except (ValueError, RuntimeError, AssertionError, TypeError) as error:
            raise ValueError(
                f"backbone: open_clip/{name} cannot be built with images of {size} pixels: {error}"
            ) from error
        self.feature_size: int = config["embed_dim"]

    def forward(self, images: Tensor) -> Tensor:
        """Map normalised images (B, 3, H, W) to features (B, F), of any length."""
        features: Tensor = self.network(images)
        return features

    def layers(self) -> dict[str, int]:
        """Return the place of each parameter's layer, from 0 at the images, by its name.

        Raises:
            ValueError: the tower is of another kind than open_clip's own vision transformer.
        """
        if not hasattr(self.network, "transformer"):
            raise ValueError("open_clip's tower is no vision transformer of its own")
        places = group_parameters(self.network, _LAYERS, reverse=True)
        return {f"network.{name}": place for name, place in places.items()}


def split_tag(name: str) -> tuple[str, str]:
    """Return model and tag of a name such as ViT-B-32.openai; the tag may be empty."""
    model, _, tag = name.partition(".")
    return model, tag


def tower_config(name: str) -> dict[str, Any]:
    """Return open_clip's own configuration of a model: `embed_dim`, `vision_cfg` and others.

    Raises:
        ValueError: open_clip has no such model, or no weights of it with such a tag.
    """
    model, tag = split_tag(name)
    config = open_clip.get_model_config(model)
    if config is None:
        question = did_you_mean(model, open_clip.list_models(), likeness=0.6)
        raise ValueError(
            f"backbone: open_clip/{name}: open_clip has no model {model}"
            + (f" ({question})" if question else "; open_clip.list_models() names all")
        )
    if tag and not open_clip.is_pretrained_cfg(model, tag):
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(model)) or "none"
        raise ValueError(f"backbone: open_clip/{name}: no such tag; {model} has {tags}")
    found: dict[str, Any] = config
    return found


def wants_quick_gelu(name: str) -> bool:
    """Return whether a model has OpenAI's faster form of GELU, by its name or its tag."""
    of_tag = open_clip.get_pretrained_cfg(*split_tag(name)) or {}
    return bool(tower_config(name).get("quick_gelu", False) or of_tag.get("quick_gelu", False))
