"""What draws pictures: one small interface for every kind of text-to-image model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt
from PIL import Image

from sau.pipeline.images.own_files import Embedding
from sau.pipeline.images.settings import ImagesSettings

NOT_FINITE = "the sample is not finite"


@dataclass(frozen=True)
class Drawn:
    """What came of one prompt: a picture (H, W, 3) uint8, or None and the reason why."""

    pixels: npt.NDArray[np.uint8] | None
    reason: str | None = None


class ImageGenerator(Protocol):
    """A text-to-image model, ready on its device.

    A picture depends on its own prompt and seed, not on those that are drawn along with it: on a
    CPU to the bit, on a GPU up to how its kernels round in a batch of that size.
    """

    @property
    def full_batches(self) -> bool:
        """Whether batches should all have one size, the last one filled up."""

    def announce(self, prompts: Sequence[str]) -> None:
        """Say once, before any is drawn, how many of all prompts are cut."""

    def at_guidance_scale(self, scale: float) -> Self:
        """Return the same model, its weights shared, that draws at another guidance scale.

        Args:
            scale: of classifier-free guidance, within the range of `images.guidance_scale`.
        """

    def whole_batch(self, size: int) -> int:
        """Return how many pictures, at most `size`, fill what the model computes together.

        Args:
            size: at least 1.
        """

    def put_on(self, settings: ImagesSettings, embeddings: Mapping[str, Embedding]) -> None:
        """Take on LoRA weights and embeddings in place of others.

        Args:
            settings: of a class; its `lora` counts.
            embeddings: by the word that stands for each in prompts.

        Raises:
            UserError: files that do not fit the model.
        """

    def draw(
        self,
        prompts: Sequence[str],
        seeds: Sequence[int],
        guides: Sequence[Image.Image] | None = None,
    ) -> list[Drawn]:
        """Draw one picture for each prompt, by the seed at the same place.

        Args:
            prompts: of the pictures.
            seeds: of each one's own noise.
            guides: RGB images of any size, which the pictures start from; given where the settings
                ask for them, and only there.

        Raises:
            torch.OutOfMemoryError: the GPU cannot hold so many at once.
        """
