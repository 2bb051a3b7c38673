"""What the sections `personalise` and `images` say of each other."""

from collections.abc import Iterator

from sau.config.config import Config
from sau.core.errors import UserError
from sau.pipeline.images.own_files import KEYS
from sau.pipeline.images.setting_checks import check_lora_scale
from sau.pipeline.images.settings import ImagesSettings


def check_learned(config: Config) -> None:
    """Refuse what cannot draw with what is learned, and a factor of LoRA weights without any.

    Raises:
        UserError: there is such a setting.
    """
    method, images = config.personalise.method, config.images
    check_lora_scale(images, learned=method == "lora")
    if method == "none":
        return
    if images.source not in ("glide", "diffusers"):
        raise UserError(
            f"config: personalise.method: {method}, but images.source is {images.source}, which "
            "learns nothing; set it to glide or diffusers, or the method to none"
        )
    for path, one in _learning(images):
        if method == "lora" and one.compile != "off":
            raise UserError(
                f"config: {path}.compile: {one.compile}, but with personalise.method lora the "
                "network would be compiled again for each class; set compile to off"
            )
    key = "lora" if method == "lora" else "embedding"
    if getattr(images, key):
        raise UserError(
            f"config: images.{key}: {getattr(images, key)}, but personalise.method {method} learns "
            "that; leave one of them out"
        )


def _learning(images: ImagesSettings) -> Iterator[tuple[str, ImagesSettings]]:
    """Yield the settings that are drawn with what is learned, each with where they stand."""
    yield "images", images
    for name, own in images.per_class.items():
        one = images.for_class(name)
        same = (one.source, one.model, one.revision) == (
            images.source,
            images.model,
            images.revision,
        )
        if same and not set(KEYS) & set(own):
            yield f"images.per_class.{name}", one
