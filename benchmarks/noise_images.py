"""Run the images stage as its command line does, with a generator that draws nothing but noise.

python -m benchmarks.noise_images FILE --flags

Writes down the memory that it took, as `benchmarks.peak` does.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self
from unittest.mock import patch

import numpy as np
import torch
from PIL import Image

from benchmarks.peak import peak_of_this_process
from sau.__main__ import main
from sau.pipeline.images.image_generator import Drawn
from sau.pipeline.images.settings import ImagesSettings

SIDE = 32


class Noise:
    """Pictures of random pixels by their seeds, at no time."""

    full_batches = False

    def __init__(self, settings: ImagesSettings, device: torch.device) -> None:
        del settings, device

    def announce(self, prompts: Sequence[str]) -> None:
        """Say nothing: no prompt is read."""

    def at_guidance_scale(self, scale: float) -> Self:
        """Return itself, which has no guidance."""
        del scale
        return self

    def put_on(self, settings: ImagesSettings) -> None:
        """Take nothing on."""

    def draw(
        self,
        prompts: Sequence[str],
        seeds: Sequence[int],
        guides: Sequence[Image.Image] | None = None,
    ) -> list[Drawn]:
        """Return a picture for each seed."""
        del prompts, guides
        shape = (SIDE, SIDE, 3)
        return [
            Drawn(np.random.default_rng(seed).integers(0, 256, shape, np.uint8)) for seed in seeds
        ]


if __name__ == "__main__":
    with patch("sau.pipeline.images.generate.load_generator", Noise):
        code = main(["images", *sys.argv[2:]])
    Path(sys.argv[1]).write_text(f"{peak_of_this_process()}\n", encoding="utf-8")
    sys.exit(code)
