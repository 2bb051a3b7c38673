"""Settings of the images stage."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, WithJsonSchema

from sau.core.errors import UserError
from sau.glide.respacing import SamplerName
from sau.pipeline.images.setting_checks import check_source
from sau.settings.names import unknown_key
from sau.settings.paths import PathText
from sau.settings.section import Section, conditions_of, default_of, setting

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
    "guide",
    "strength",
    "lora",
    "lora_scale",
    "embedding",
    "batch_size",
    "precision",
    "compile",
)
"""What a class's pictures depend on, which `per_class` may set for it."""

CLASS_KEYS = (*GENERATOR_KEYS, "folder")
"""What `per_class` may set for a class: its generator, or where its images are imported from."""

OWN_FILES = ("lora", "lora_scale", "embedding")
"""Settings of what is learned for one model, and put into it."""

Respacing = Annotated[
    str,
    BeforeValidator(lambda value: str(value) if type(value) is int else value),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 1}]}),
]
"""A number of steps, which may stand without quotes, or sections of them."""

_DRAWN = {"source": ("glide", "diffusers")}
_ANY = {"source": ("glide", "diffusers", "imported")}
_GLIDE = {"source": "glide"}
_DIFFUSERS = {"source": "diffusers"}
_GUIDED = _DRAWN | {"guide": "real"}
_IMPORTED = {"source": "imported"}
_FROM_FOLDER = _IMPORTED | {"layout": ("class-folder", "cifake", "hub-folder")}
_FROM_FILE = _IMPORTED | {"layout": "parquet"}
_FROM_HUB = _IMPORTED | {"layout": "hub-folder"}
_FROM_TABLE = _IMPORTED | {"layout": ("parquet", "hub-folder")}


class ImagesSettings(Section):
    """What generates the synthetic images, or where they are imported from."""

    section: ClassVar[str] = "images"

    source: Literal["none", "glide", "diffusers", "imported"] = setting(
        "none",
        "no synthetic images, which rows on real images alone do without; or generate with GLIDE "
        "or another text-to-image model of diffusers, or import images that someone else made",
    )
    shards: int = setting(
        4,
        "files the images are spread over; the unit of work and of a cluster job",
        minimum=1,
        maximum=10_000,
        only_with=_ANY,
    )
    image_size: int | None = setting(
        None,
        "resize the shorter side to this with Lanczos and crop the centre; null: leave as they are",
        unit="pixels",
        minimum=4,
        only_with=_ANY,
    )
    model: PathText = setting(
        "tiny-glide",
        "a folder that from_pretrained loads; glide: or tiny-glide, which is shipped; "
        "diffusers: or a name on the Hugging Face Hub",
        only_with=_DRAWN,
    )
    revision: str = setting(
        "",
        "of a model by its name on the Hub: the commit to take; empty: the newest, whatever it is",
        only_with=_DIFFUSERS,
    )
    steps: Respacing = setting(
        "20",
        "glide: respacing of the 1000 time steps, such as 100 or fast27; diffusers: how many",
        only_with=_DRAWN,
    )
    sampler: SamplerName = setting(
        "ancestral",
        "GLIDE's own, ddim, or dpm-solver++, which needs 15 to 25 steps",
        only_with=_GLIDE,
    )
    guidance_scale: float = setting(
        3.0,
        "of classifier-free guidance; 1 is none; diffusers: as the model's page says",
        minimum=0,
        only_with=_DRAWN,
    )
    negative_prompt: str = setting(
        "",
        "what guidance leads away from; empty: the model's own empty prompt",
        only_with=_DIFFUSERS,
    )
    height: int | None = setting(
        None,
        "of a picture as drawn, given with width; null: the model's own",
        unit="pixels",
        minimum=8,
        only_with=_DIFFUSERS,
    )
    width: int | None = setting(
        None,
        "of a picture as drawn, given with height; null: the model's own",
        unit="pixels",
        minimum=8,
        only_with=_DIFFUSERS,
    )
    upsampler: PathText = setting(
        "",
        "a folder with the upsampler, which makes images four times larger; empty: none",
        only_with=_GLIDE,
    )
    upsampler_steps: Respacing = setting(
        "fast27", "respacing of the upsampler's time steps, DDIM", only_with=_GLIDE
    )
    upsampler_temperature: float = setting(
        0.997,
        "deviation of the upsampler's first noise; 1 is sharper and grainier",
        above=0,
        only_with=_GLIDE,
    )
    guide: Literal["none", "real"] = setting(
        "none",
        "what a picture starts from: noise, or a real training image of its class with noise",
        only_with=_DRAWN,
    )
    strength: float = setting(
        0.5,
        "share of the steps that a picture takes from its guide: at 1 hardly anything of the guide"
        " is left",
        above=0,
        maximum=1,
        only_with=_GUIDED,
    )
    lora: PathText = setting(
        "",
        "LoRA weights: a safetensors file, or a folder with one for each class, NAME.safetensors; "
        "empty: none",
        only_with=_DRAWN,
    )
    lora_scale: float = setting(1.0, "factor of the LoRA weights", above=0, only_with=_DRAWN)
    embedding: PathText = setting(
        "",
        "textual inversion, which stands for the class's name in its prompts: a safetensors file, "
        "or a folder with one for each class, NAME.safetensors; empty: none",
        only_with=_DRAWN,
    )
    per_class: dict[str, Any] = setting(
        {},
        "generators of single classes, by class name: any of the keys from model to compile, and "
        "source, such as {woman: {source: diffusers, model: ...}}; or a folder of images, "
        "{dog: {source: imported, folder: ...}} (docs/images.md)",
        only_with=_DRAWN,
    )
    import_first: PathText = setting(
        "",
        "folder of class folders whose images are taken first: only what a class then lacks to "
        "its prompts is drawn; empty: none",
        only_with=_DRAWN,
    )
    batch_size: int = setting(
        50,
        "images sampled at once; halved where memory runs out",
        unit="images",
        minimum=1,
        only_with=_DRAWN,
    )
    device: Literal["cpu", "cuda"] = setting(
        "cpu", "where to sample; never changed silently", only_with=_DRAWN
    )
    precision: Literal["float32", "bfloat16", "float16"] = setting(
        "float32",
        "of the networks' weights and sums; noise and steps stay in float32 with glide",
        only_with=_DRAWN,
    )
    compile: Literal["off", "default", "reduce-overhead"] = setting(
        "off",
        "mode of torch.compile for the denoising network; reduce-overhead: CUDA graphs as well",
        only_with=_DRAWN,
    )
    threads: int = setting(
        1,
        "CPU threads; part of the result's identity, sums depend on it",
        minimum=1,
        only_with=_DRAWN,
    )
    seed: int = setting(
        0, "each image's own seed derives from this and its id", minimum=0, only_with=_DRAWN
    )
    folder: PathText = setting(
        "",
        "folder of class folders, a CIFAKE tree, a folder of its Parquet files, or a data set as "
        "the Hub stores it",
        only_with=_FROM_FOLDER,
    )
    file: PathText = setting(
        "", "a Parquet table with an image and a label column", only_with=_FROM_FILE
    )
    layout: Literal["class-folder", "cifake", "parquet", "hub-folder"] = setting(
        "class-folder", "how labels are read from the files", only_with=_IMPORTED
    )
    part: str = setting(
        "", "split that is imported; empty: train, or the only one", only_with=_FROM_HUB
    )
    image_column: str = setting("image", "column of encoded bytes", only_with=_FROM_TABLE)
    label_column: str = setting("label", "column of class indices or names", only_with=_FROM_TABLE)
    prompt_column: str = setting("", "column of prompts; empty: none", only_with=_FROM_TABLE)
    id_column: str = setting(
        "id",
        "column of the images' ids, if there is one; empty: rows are counted",
        only_with=_FROM_TABLE,
    )
    images_per_class: int | None = setting(
        None,
        "keep only the first so many images of each class; null: all",
        unit="images",
        minimum=1,
        only_with=_IMPORTED,
    )

    def check(self) -> None:
        """Check what the source needs, and the generators of single classes."""
        check_source(self)
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
            if key not in CLASS_KEYS:
                raise UserError(unknown_key(f"{path}.{key}", key, CLASS_KEYS))
        # YAML 1.1 takes the bare word off for a switch.
        own = {
            key: "off" if key == "compile" and value is False else value
            for key, value in own.items()
        }
        if own.get("source") == "none":
            raise UserError(
                f"{path}.source: none is no source of a single class; expected glide, diffusers or "
                "imported"
            )
        with self.naming(f"per_class.{name}: "):
            alone = {"per_class": {}, "import_first": ""}
            if own.get("source", self.source) != self.source:
                # Of another kind of model, which they would not fit.
                alone |= self._no_own_files()
            return self.replace(**(self._not_shared(own) | alone | own))

    def without_classes(self) -> Self:
        """Return the settings of the classes that `per_class` does not name, as they are drawn."""
        return self.replace(per_class={}, import_first="")

    def has_own_files(self) -> bool:
        """Return whether there are LoRA weights or an embedding."""
        return bool(self.lora or self.embedding)

    def without_own_files(self) -> Self:
        """Return the settings of the model without LoRA weights and embeddings."""
        if not self.has_own_files() and self.lora_scale == 1:
            return self
        return self.replace(**self._no_own_files())

    def _no_own_files(self) -> dict[str, Any]:
        return {key: default_of(type(self), key) for key in OWN_FILES}

    def is_guided(self) -> bool:
        """Return whether pictures of any class start from real training images."""
        return any(one.guide == "real" for one in [self, *map(self.for_class, self.per_class)])

    def _not_shared(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """Return defaults for what a class's own values leave without effect in the section."""
        return {
            key: default_of(type(self), key)
            for key, conditions in conditions_of(type(self)).items()
            if any(own.get(other, values[0]) not in values for other, values in conditions.items())
        }
