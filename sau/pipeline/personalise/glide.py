"""GLIDE's base network as a model that learns."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

from sau.assets.glide_pipeline import load_glide_pipeline
from sau.glide.pictures import as_samples
from sau.glide.pipeline import GlidePipeline
from sau.pipeline.personalise.model import NoiseSchedule, too_long
from sau.sources.resize import resize

_WORD = "\0"
"""Stands for the vectors in a text; no template has it."""


class GlideBase:
    """GLIDE denoises pixels themselves, and predicts their noise; see `Model`.

    Of what the network gives, the variance is left as it is: three channels of noise are compared.
    """

    attention_layers = ("to_q", "to_k", "to_v", "add_k_proj", "add_v_proj", "to_out.0")

    def __init__(self, pipeline: GlidePipeline) -> None:
        """Args: the base pipeline on its device."""
        self._pipeline = pipeline
        self._noise = NoiseSchedule(pipeline.scheduler)

    @property
    def unet(self) -> Any:
        """The denoising network."""
        return self._pipeline.unet

    @property
    def time_steps(self) -> int:
        """How many time steps the model was trained with."""
        return self._noise.time_steps

    def moments(self, picture: Image.Image) -> tuple[Tensor, Tensor]:
        """Return a picture's pixels, -1 to 1, whose deviation is 0; see `Model`."""
        pixels = as_samples(resize(picture, self.unet.config["sample_size"]))
        return pixels, torch.zeros(1, 1, 1, 1)

    def scaled(self, values: Tensor) -> Tensor:
        """Return pixels as they are."""
        return values

    def loss(self, values: Tensor, noise: Tensor, times: Tensor, states: Tensor) -> Tensor:
        """Return the mean squared error of noise; see `Model`."""
        noisy = self._noise.noisy(values, noise, times)
        summary = self._pipeline.text_encoder.pool(states)
        predicted = self.unet(noisy, times, states, class_labels=summary).sample
        return self._noise.loss(predicted[:, : values.shape[1]], values, noise, times)

    def states(self, texts: Sequence[str]) -> Tensor:
        """Return the states of texts; see `Model`."""
        self._check_length(texts)
        with torch.no_grad():
            return self._pipeline.encode(texts)

    def vectors_of(self, name: str) -> Tensor:
        """Return the embeddings of a name's own tokens, as it stands within a text."""
        own = self._pipeline.glide_tokenizer.plain_ids(f" {name.lower()}")
        found: Tensor = self._pipeline.text_encoder.token_embedding.weight[own]
        return found

    @contextmanager
    def reading(
        self, before: str, vectors: nn.Parameter, after: str
    ) -> Iterator[Callable[[], Tensor]]:
        """Put vectors in the place between two texts; see `Model`."""
        pipeline = self._pipeline
        pipeline.load_textual_inversion({_WORD: vectors})
        try:
            text = f"{before}{_WORD}{after}"
            self._check_length([text], len(vectors))
            yield lambda: pipeline.encode([text])
        finally:
            pipeline.unload_textual_inversion()

    def _check_length(self, texts: Sequence[str], vectors: int = 0) -> None:
        tokenizer = self._pipeline.glide_tokenizer
        for cut in tokenizer(texts).cut:
            text = cut.prompt.replace(_WORD, "...")
            raise too_long(text, tokenizer.context_length, vectors)


def load_glide(folder: Path, device: torch.device, key: str) -> GlideBase:
    """Load GLIDE's base network, in float32.

    Args:
        folder: of the pipeline; it has been checked.
        device: where to learn.
        key: the setting that names it, for messages.

    Raises:
        UserError: another kind of model.
    """
    pipeline = load_glide_pipeline(GlidePipeline, folder, torch.float32, device, key)
    for network in (pipeline.text_encoder, pipeline.unet):
        network.requires_grad_(False)
    return GlideBase(pipeline)
