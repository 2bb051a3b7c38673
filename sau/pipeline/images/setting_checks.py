"""Checks of the section `images` that concern several keys: what each source needs."""

from typing import TYPE_CHECKING

from sau.assets.shipped import SHIPPED
from sau.core.errors import UserError
from sau.glide.respacing import SamplerName, check_respacing, count_steps, steps_taken

if TYPE_CHECKING:
    from sau.pipeline.images.settings import ImagesSettings


def check_source(settings: "ImagesSettings") -> None:
    """Refuse settings that the source of the images, or the device that draws, cannot have.

    Args:
        settings: of the section, or of a class of its own.

    Raises:
        UserError: the first such key, and what to set in its place.
    """
    _check_respacing(settings, "upsampler_steps", "ddim")
    _check_own_files(settings)
    if settings.source == "diffusers":
        _check_diffusers(settings)
    else:
        _check_respacing(settings, "steps", settings.sampler)
    if settings.guide == "real":
        _check_strength(settings)
    _check_device(settings)
    if settings.source == "imported":
        _check_imported(settings)


def _check_device(settings: "ImagesSettings") -> None:
    if settings.device != "cpu":
        return
    if settings.precision == "float16":
        raise UserError(
            "images.precision: float16, but images.device is cpu, for which diffusers does not "
            "support it; set bfloat16 or float32"
        )
    if settings.compile == "reduce-overhead":
        raise UserError(
            "images.compile: reduce-overhead records CUDA graphs, but images.device is cpu; "
            "set compile to default or off"
        )


def _check_strength(settings: "ImagesSettings") -> None:
    diffusers = settings.source == "diffusers"
    steps = int(settings.steps) if diffusers else count_steps(settings.sampler, settings.steps)
    try:
        steps_taken(steps, settings.strength)
    except ValueError as error:
        raise UserError(f"images.strength: {error}; raise it, or images.steps") from error


def _check_diffusers(settings: "ImagesSettings") -> None:
    steps = settings.steps
    if not (steps.isascii() and steps.isdigit() and int(steps) > 0):
        raise UserError(
            f"images.steps: {steps!r} must be a number of steps, such as '30', with "
            "images.source diffusers"
        )
    if (settings.height is None) != (settings.width is None):
        given, other = ("height", "width") if settings.height else ("width", "height")
        raise UserError(
            f"images.{given}: {getattr(settings, given)}, but images.{other} is not given, and "
            "some pipelines then take neither; give both"
        )
    if settings.model in SHIPPED or not settings.model.strip():
        raise UserError(
            f"images.model: {settings.model!r} is no model for images.source diffusers; give a "
            "folder, or a name on the Hugging Face Hub such as stabilityai/sd-turbo"
        )


def _check_own_files(settings: "ImagesSettings") -> None:
    if settings.lora and settings.compile != "off":
        raise UserError(
            f"images.compile: {settings.compile}, but with images.lora the network would be "
            "compiled again for each class; set compile to off"
        )


def check_lora_scale(settings: "ImagesSettings", *, learned: bool) -> None:
    """Refuse a factor of LoRA weights for classes that have none.

    Args:
        settings: of the section.
        learned: whether the personalise stage learns LoRA weights, of classes for which `per_class`
            names no files.

    Raises:
        UserError: there is such a factor.
    """
    each = {name: (settings.for_class(name), own) for name, own in settings.per_class.items()}
    shared = any(one.lora for one, own in each.values() if "lora_scale" not in own)
    given = {"images": settings.lora_scale} if not (settings.lora or learned or shared) else {}
    for name, (one, own) in each.items():
        has_learned = learned and not {"lora", "embedding"} & set(own)
        if "lora_scale" in own and not (one.lora or has_learned):
            given[f"images.per_class.{name}"] = one.lora_scale
    for path, scale in given.items():
        if scale != 1:
            raise UserError(
                f"{path}.lora_scale: {scale:g} has no effect without LoRA weights "
                "(images.lora, personalise.method lora); leave it out"
            )


def _check_imported(settings: "ImagesSettings") -> None:
    layout = settings.layout
    if layout == "parquet" and not settings.file:
        raise UserError("images.file: empty, but images.layout parquet reads it")
    if layout != "parquet" and not settings.folder:
        raise UserError(f"images.folder: empty, but images.layout {layout} reads it")


def _check_respacing(settings: "ImagesSettings", key: str, sampler: SamplerName) -> None:
    try:
        check_respacing(sampler, getattr(settings, key))
    except ValueError as error:
        raise UserError(f"images.{key}: {error}") from error
