"""Run the images stage as its command line does, with a generator that draws nothing but noise.

python -m benchmarks.noise_images FILE BATCHES --flags

Writes down the memory that it took, as `benchmarks.peak` does. After so many batches, if it is not
0, it kills itself as a machine that goes away does.
"""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self
from unittest.mock import patch

import numpy as np
import torch
from PIL import Image

from benchmarks.peak import peak_of_process
from sau.__main__ import main
from sau.pipeline.images.image_generator import Drawn
from sau.pipeline.images.own_files import Embedding
from sau.pipeline.images.settings import ImagesSettings

SIDE = 32


class Noise:
    """Pictures of random pixels by their seeds, at no time."""

    full_batches = False
    most = 0
    """Batches that are drawn; 0: all."""

    def __init__(self, settings: ImagesSettings, device: torch.device) -> None:
        del settings, device
        self._drawn = 0

    def announce(self, prompts: Sequence[str]) -> None:
        """Say nothing: no prompt is read."""

    def at_guidance_scale(self, scale: float) -> Self:
        """Return itself, which has no guidance."""
        del scale
        return self

    def whole_batch(self, size: int) -> int:
        """Return `size`: any will do."""
        return size

    def put_on(self, settings: ImagesSettings, embeddings: Mapping[str, Embedding]) -> None:
        """Take nothing on."""

    def draw(
        self,
        prompts: Sequence[str],
        seeds: Sequence[int],
        guides: Sequence[Image.Image] | None = None,
    ) -> list[Drawn]:
        """Return a picture for each seed."""
        del prompts, guides
        if self.most and self._drawn == self.most:
            os.kill(os.getpid(), signal.SIGKILL)
        self._drawn += 1
        shape = (SIDE, SIDE, 3)
        return [
            Drawn(np.random.default_rng(seed).integers(0, 256, shape, np.uint8)) for seed in seeds
        ]


if __name__ == "__main__":
    with patch("sau.pipeline.images.generate.load_generator", Noise):
        Noise.most = int(sys.argv[2])
        code = main(["images", *sys.argv[3:]])
    Path(sys.argv[1]).write_text(f"{peak_of_process()}\n", encoding="utf-8")
    sys.exit(code)
