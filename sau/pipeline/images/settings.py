"""Settings of the images stage."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from sau.assets.shipped import SHIPPED
from sau.core.errors import UserError
from sau.glide.respacing import SamplerName, check_respacing
from sau.settings.section import OnlyOf, Section, check_only_of, default_of, setting, unknown_key

GENERATOR_KEYS = (
    "source",
    "model",
    "revision",
    "steps",
    "sampler",
    "guidance_scale",
    "negative_prompt",
    "height",
    "width",
    "upsampler",
    "upsampler_steps",
    "upsampler_temperature",
    "batch_size",
    "precision",
    "compile",
)
"""What `per_class` may set for a class: all that a generator depends on."""

_OF_DRAWN = (
    *("model", "steps", "guidance_scale", "per_class", "batch_size"),
    *("device", "precision", "compile", "threads", "seed"),
)
_OF_TABLES = ("file", "image_column", "label_column", "prompt_column")

ONLY_OF: OnlyOf = {
    **dict.fromkeys(_OF_DRAWN, ("source", ("glide", "diffusers"))),
    **dict.fromkeys(
        ("sampler", "upsampler", "upsampler_steps", "upsampler_temperature"),
        ("source", ("glide",)),
    ),
    **dict.fromkeys(("revision", "negative_prompt", "height", "width"), ("source", ("diffusers",))),
    **dict.fromkeys(
        ("layout", "folder", *_OF_TABLES, "images_per_class"), ("source", ("imported",))
    ),
}
"""Keys that not every source looks at."""

_ONLY_OF_LAYOUT: OnlyOf = {
    "folder": ("layout", ("class-folder", "cifake")),
    **dict.fromkeys(_OF_TABLES, ("layout", ("parquet",))),
}


@dataclasses.dataclass(frozen=True)
class ImagesSettings(Section):
    """What generates the synthetic images, or where they are imported from."""

    section: ClassVar[str] = "images"

    source: Literal["glide", "diffusers", "imported"] = setting(
        "glide",
        "generate with GLIDE or another text-to-image model of diffusers, or import images that "
        "someone else made",
    )
    shards: int = setting(
        4, "files the images are spread over; the unit of work and of a cluster job", minimum=1
    )
    image_size: int | None = setting(
        None,
        "resize the shorter side to this with Lanczos and crop the centre; null: leave as they are",
        unit="pixels",
        minimum=4,
    )
    model: str = setting(
        "tiny-glide",
        "a folder that from_pretrained loads; glide: or tiny-glide, which is shipped; "
        "diffusers: or a name on the Hugging Face Hub",
    )
    revision: str = setting(
        "", "diffusers, a name on the Hub: the commit to take; empty: the newest, whatever it is"
    )
    steps: str = setting(
        "20",
        "glide: respacing of the 1000 time steps, such as 100 or fast27; diffusers: how many",
    )
    sampler: SamplerName = setting(
        "ancestral", "glide: GLIDE's own, ddim, or dpm-solver++, which needs 15 to 25 steps"
    )
    guidance_scale: float = setting(
        3.0,
        "of classifier-free guidance; 1 is none; diffusers: as the model's page says",
        minimum=0,
    )
    negative_prompt: str = setting(
        "", "diffusers: what guidance leads away from; empty: the model's own empty prompt"
    )
    height: int | None = setting(
        None, "diffusers: of a picture as drawn; null: the model's own", unit="pixels", minimum=8
    )
    width: int | None = setting(
        None, "diffusers: of a picture as drawn; null: the model's own", unit="pixels", minimum=8
    )
    upsampler: str = setting(
        "", "glide: a folder with the upsampler, which makes images four times larger; empty: none"
    )
    upsampler_steps: str = setting("fast27", "glide: respacing of the upsampler's time steps, DDIM")
    upsampler_temperature: float = setting(
        0.997, "glide: deviation of the upsampler's first noise; 1 is sharper and grainier", above=0
    )
    per_class: dict[str, Any] = setting(
        {},
        "generators of single classes, by class name: any of the keys from model to compile, and "
        "source, such as {woman: {source: diffusers, model: ...}} (docs/images.md)",
    )
    batch_size: int = setting(
        50, "images sampled at once; halved where memory runs out", unit="images", minimum=1
    )
    device: Literal["cpu", "cuda"] = setting("cpu", "where to sample; never changed in silence")
    precision: Literal["float32", "bfloat16", "float16"] = setting(
        "float32", "of the networks' weights and sums; noise and steps stay in float32 with glide"
    )
    compile: Literal["off", "default", "reduce-overhead"] = setting(
        "off",
        "mode of torch.compile for the denoising network; reduce-overhead: CUDA graphs as well",
    )
    threads: int = setting(
        1, "CPU threads; part of the result's identity, sums depend on it", minimum=1
    )
    seed: int = setting(0, "each image's own seed derives from this and its id", minimum=0)
    folder: str = setting(
        "", "imported: folder of class folders, a CIFAKE tree, or a folder of its Parquet files"
    )
    file: str = setting("", "imported: a Parquet table with an image and a label column")
    layout: Literal["class-folder", "cifake", "parquet"] = setting(
        "class-folder", "imported: how labels are told from the files"
    )
    image_column: str = setting("image", "imported, parquet: column of encoded bytes")
    label_column: str = setting("label", "imported, parquet: column of class indices or names")
    prompt_column: str = setting("", "imported, parquet: column of prompts; empty: none")
    images_per_class: int | None = setting(
        None,
        "imported: keep only the first so many images of each class; null: all",
        unit="images",
        minimum=1,
    )

    def check(self) -> None:
        """Check what the source needs, and the generators of single classes."""
        check_only_of(self, ONLY_OF)
        check_only_of(self, _ONLY_OF_LAYOUT)
        self._check_respacing("upsampler_steps", "ddim")
        if self.source == "diffusers":
            self._check_diffusers()
        else:
            self._check_respacing("steps", self.sampler)
        if self.precision == "float16" and self.device == "cpu":
            raise UserError(
                "images.precision: float16, but images.device is cpu, for which diffusers does not "
                "support it; set bfloat16 or float32"
            )
        if self.compile == "reduce-overhead" and self.device == "cpu":
            raise UserError(
                "images.compile: reduce-overhead records CUDA graphs, but images.device is cpu; "
                "set compile to default or off"
            )
        if self.source == "imported":
            self._check_imported()
        for name in self.per_class:
            self.for_class(name)

    def for_class(self, name: str) -> Self:
        """Return the settings of a class that `per_class` names, without any of single classes.

        Raises:
            UserError: a key that no generator has, or values that do not fit.
        """
        path, own = f"images.per_class.{name}", self.per_class[name]
        if not isinstance(own, Mapping):
            raise UserError(f"{path}: {own!r} must be a mapping, such as {{guidance_scale: 5}}")
        for key in own:
            if key not in GENERATOR_KEYS:
                raise UserError(unknown_key(f"{path}.{key}", key, GENERATOR_KEYS))
        # YAML 1.1 takes the bare word off for a switch.
        own = {
            key: "off" if key == "compile" and value is False else value
            for key, value in own.items()
        }
        if own.get("source") == "imported":
            raise UserError(f"{path}.source: imported images are no generator of single classes")
        try:
            return dataclasses.replace(self, per_class={}, **(self._not_shared(own) | own))
        except UserError as error:
            raise UserError(f"{path}: {error}") from error

    def without_classes(self) -> Self:
        """Return the settings of the classes that `per_class` does not name."""
        return dataclasses.replace(self, per_class={})

    def models(self) -> list[str]:
        """Return the models and upsamplers that any class is drawn with; empty for imported images.

        Each is a folder, a shipped model or a name on the Hub, once.
        """
        if self.source == "imported":
            return []
        each = [self, *(self.for_class(name) for name in self.per_class)]
        names = [name for one in each for name in (one.model, one.upsampler) if name]
        return list(dict.fromkeys(names))

    def _not_shared(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """Return defaults for what a class of another source does not share with the section."""
        if own.get("source", self.source) == self.source:
            return {}
        idle = [key for key, (_, sources) in ONLY_OF.items() if own["source"] not in sources]
        return {key: default_of(type(self), key) for key in idle}

    def _check_diffusers(self) -> None:
        if not (self.steps.isascii() and self.steps.isdigit() and int(self.steps) > 0):
            raise UserError(
                f"images.steps: {self.steps!r} must be a number of steps, such as '30', with "
                "images.source diffusers"
            )
        if self.model in SHIPPED or not self.model.strip():
            raise UserError(
                f"images.model: {self.model!r} is no model for images.source diffusers; give a "
                "folder, or a name on the Hugging Face Hub such as stabilityai/sd-turbo"
            )

    def _check_imported(self) -> None:
        if self.layout == "parquet" and not self.file:
            raise UserError("images.file: empty, but images.layout parquet reads it")
        if self.layout != "parquet" and not self.folder:
            raise UserError(f"images.folder: empty, but images.layout {self.layout} reads it")

    def _check_respacing(self, key: str, sampler: SamplerName) -> None:
        try:
            check_respacing(sampler, getattr(self, key))
        except ValueError as error:
            raise UserError(f"images.{key}: {error}") from error
