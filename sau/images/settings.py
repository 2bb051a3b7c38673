"""Settings of the images stage."""

import dataclasses
from typing import ClassVar, Literal

from sau.errors import UserError
from sau.images.glide.respacing import SamplerName, check_respacing
from sau.settings import Section, setting


@dataclasses.dataclass(frozen=True)
class ImagesSettings(Section):
    """What generates the synthetic images, or where they are imported from."""

    section: ClassVar[str] = "images"

    source: Literal["glide", "imported"] = setting(
        "glide", "generate with GLIDE, or import images that someone else made"
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
        "tiny-glide", "glide: a folder that from_pretrained loads, or tiny-glide, which is shipped"
    )
    steps: str = setting("20", "glide: respacing of the 1000 time steps, such as 100 or fast27")
    sampler: SamplerName = setting(
        "ancestral", "glide: GLIDE's own, ddim, or dpm-solver++, which needs 15 to 25 steps"
    )
    guidance_scale: float = setting(3.0, "glide: of classifier-free guidance; 1 is none", minimum=0)
    upsampler: str = setting(
        "", "glide: a folder with the upsampler, which makes images four times larger; empty: none"
    )
    upsampler_steps: str = setting("fast27", "glide: respacing of the upsampler's time steps, DDIM")
    upsampler_temperature: float = setting(
        0.997, "glide: deviation of the upsampler's first noise; 1 is sharper and grainier", above=0
    )
    batch_size: int = setting(50, "glide: images sampled at once", unit="images", minimum=1)
    device: Literal["cpu", "cuda"] = setting("cpu", "glide: where to sample")
    threads: int = setting(
        1, "glide: CPU threads; part of the result's identity, sums depend on it", minimum=1
    )
    seed: int = setting(0, "glide: each image's own seed derives from this and its id", minimum=0)
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
        """Check the respacings, and that the source's own keys are there."""
        self._check_respacing("steps", self.sampler)
        self._check_respacing("upsampler_steps", "ddim")
        if self.source != "imported":
            return
        if self.layout == "parquet" and not self.file:
            raise UserError("images.file: empty, but images.layout parquet reads it")
        if self.layout != "parquet" and not self.folder:
            raise UserError(f"images.folder: empty, but images.layout {self.layout} reads it")

    def _check_respacing(self, key: str, sampler: SamplerName) -> None:
        try:
            check_respacing(sampler, getattr(self, key))
        except ValueError as error:
            raise UserError(f"images.{key}: {error}") from error
