"""What learning needs of a text-to-image model, whatever its kind."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import torch
from PIL import Image
from torch import Tensor, nn

from sau.core.errors import UserError


class Model(Protocol):
    """A model's parts, all of which stay as they are, and the noise that it was trained with."""

    @property
    def unet(self) -> Any:
        """The denoising network, of diffusers."""

    @property
    def attention_layers(self) -> tuple[str, ...]:
        """What the linear layers of its attention are called."""

    @property
    def time_steps(self) -> int:
        """How many time steps the model was trained with."""

    def moments(self, picture: Image.Image) -> tuple[Tensor, Tensor]:
        """Return mean and deviation of what the network denoises, each (1, C, H, W) float32.

        The deviation may have fewer numbers, which spread over it: of pixels it is 0.

        Args:
            picture: RGB, of any size.
        """

    def scaled(self, values: Tensor) -> Tensor:
        """Return such values as the denoising network has them."""

    def loss(self, values: Tensor, noise: Tensor, times: Tensor, states: Tensor) -> Tensor:
        """Return the mean squared error of what the denoising network predicts: ().

        Args:
            values: without noise, scaled, (N, C, H, W).
            noise: that is added, of the same shape.
            times: time step of each, (N,) int64.
            states: of their texts, (N, T, width).
        """

    def states(self, texts: Sequence[str]) -> Tensor:
        """Return the states of S texts, (S, T, width).

        Raises:
            UserError: a text that is longer than the model's context.
        """

    def vectors_of(self, name: str) -> Tensor:
        """Return the embeddings of a name's own tokens, (K, width); K may be 0."""

    def reading(
        self, before: str, vectors: nn.Parameter, after: str
    ) -> AbstractContextManager[Callable[[], Tensor]]:
        """Put vectors in the place between two texts, for the time of the block.

        Gives what returns the states of the whole, (1, T, width), through which gradients reach the
        vectors.

        Raises:
            UserError: there is no room for all of it.
        """


def too_long(text: str, room: int, vectors: int = 0) -> UserError:
    """Return what to say of a text that is longer than a model's context.

    Args:
        text: as it would be read, or what of it is known.
        room: tokens of the context.
        vectors: of an embedding in it.
    """
    having = f" with {vectors} vectors" if vectors else ""
    less = ", or lower personalise.vectors" if vectors > 1 else ""
    return UserError(
        f"personalise.template: {text!r}{having} is longer than the model's {room} tokens; "
        f"shorten it{less}"
    )


class NoiseSchedule:
    """The schedule of the noise that a model was trained with, and the loss of what it predicts."""

    def __init__(self, schedule: Any) -> None:
        """Args: a `DDPMScheduler` with the configuration of the model's own."""
        self._schedule = schedule

    @property
    def time_steps(self) -> int:
        """How many there are."""
        return int(self._schedule.config["num_train_timesteps"])

    def noisy(self, values: Tensor, noise: Tensor, times: Tensor) -> Tensor:
        """Return values with noise, each as much as its time step has."""
        found: Tensor = self._schedule.add_noise(values, noise, times)
        return found

    def loss(self, predicted: Tensor, values: Tensor, noise: Tensor, times: Tensor) -> Tensor:
        """Return the mean squared error of a prediction: ().

        Source: Ho et al. 2020, equation 14; for a network that predicts velocities, Salimans and
        Ho 2022.
        """
        target = noise
        if self._schedule.config["prediction_type"] == "v_prediction":
            target = self._schedule.get_velocity(values, noise, times)
        return torch.nn.functional.mse_loss(predicted, target)
