"""Learn of images of a class, or of several: steps of noise, as the model itself was trained."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor

from sau.core.errors import UserError
from sau.core.random_streams import derive_seed
from sau.engine.eager_optimizers import EagerAdamW
from sau.pipeline.personalise import checkpoint
from sau.pipeline.personalise.methods import Learnable, learnable
from sau.pipeline.personalise.model import Model
from sau.pipeline.personalise.sealed_tensors import save_sealed
from sau.pipeline.personalise.settings import PersonaliseSettings
from sau.pipeline.personalise.words import Words


class Subject(NamedTuple):
    """A class to learn of.

    Attributes:
        words: for it.
        pictures: what gives each of its images, RGB; at least one.
    """

    words: Words
    pictures: Sequence[Callable[[], Image.Image]]


def learn(
    model: Model,
    subjects: Sequence[Subject],
    settings: PersonaliseSettings,
    key: str,
    output: Path,
    on_steps: Callable[[int], object],
) -> None:
    """Learn what the settings ask for, and write it as a safetensors file.

    A checkpoint stands beside the output, with `.checkpoint` at its end, until that is there; the
    same call goes on from it, to the same bytes on a CPU. An image is read when a step first draws
    it; its values, not the image, stay in memory.

    Args:
        model: frozen, on its device.
        subjects: one class, or all of them where they learn together.
        settings: of the section.
        key: the name of what is learned, from which its random numbers derive.
        output: the file, whose name says what it depends on.
        on_steps: called with the number of steps that were done since the last call.

    Raises:
        UserError: what is learned is not finite any more, or what `learnable` raises.
    """
    counts = [len(one.pictures) for one in subjects]
    owner = torch.arange(len(subjects)).repeat_interleave(torch.tensor(counts))
    values = _Values(model, [picture for one in subjects for picture in one.pictures])
    saved = output.with_suffix(".checkpoint")
    with learnable(model, settings, key, [one.words for one in subjects]) as found:
        optimizer = EagerAdamW(found.values.values(), lr=settings.learning_rate, weight_decay=0.0)
        done = checkpoint.restore(saved, found.values, optimizer)
        on_steps(done)
        for step in range(done, settings.steps):
            optimizer.zero_grad()
            drawn = _draws(settings, key, step, values.shape, model.time_steps, counts)
            means, deviations = values.of(drawn.rows.tolist())
            texts = torch.where(drawn.without_text, len(subjects), owner[drawn.rows])
            device = model.unet.device
            clean = (means + deviations * drawn.place).to(device)
            states = found.states()[texts.to(device)]
            noise, times = drawn.noise.to(device), drawn.times.to(device)
            loss = model.loss(model.scaled(clean), noise, times, states)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            on_steps(1)
            if (step + 1) % settings.checkpoint_every == 0:
                _check_finite(found, settings)
                checkpoint.save(saved, found.values, optimizer, step + 1)
        _check_finite(found, settings)
        save_sealed(output, found.values)
    saved.unlink(missing_ok=True)


def _check_finite(found: Learnable, settings: PersonaliseSettings) -> None:
    if not all(bool(torch.isfinite(value).all()) for value in found.values.values()):
        raise UserError(
            f"personalise.learning_rate: {settings.learning_rate:g} is too high, what is learned "
            "is not finite any more; lower it"
        )


class _Values:
    """What the denoising network sees of images, made when it is first wanted, on the CPU."""

    def __init__(self, model: Model, pictures: Sequence[Callable[[], Image.Image]]) -> None:
        self._model, self._pictures = model, pictures
        self._moments: dict[int, tuple[Tensor, Tensor]] = {}

    @property
    def shape(self) -> torch.Size:
        """Of the values of one image, (C, H, W)."""
        return self._of(0)[0].shape[1:]

    def of(self, rows: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Return means and deviations of some images, (N, C, H, W), the latter to spread."""
        means, deviations = zip(*map(self._of, rows), strict=True)
        return torch.cat(means), torch.cat(deviations)

    def _of(self, row: int) -> tuple[Tensor, Tensor]:
        if row not in self._moments:
            mean, deviation = self._model.moments(self._pictures[row]())
            self._moments[row] = mean.cpu(), deviation.cpu()
        return self._moments[row]


class _Draws(NamedTuple):
    """What a step draws: which images, the noise of their own values, and that of the step.

    And of which images the network is not told the text.
    """

    rows: Tensor
    place: Tensor
    noise: Tensor
    times: Tensor
    without_text: Tensor


def _draws(
    settings: PersonaliseSettings,
    key: str,
    step: int,
    shape: Sequence[int],
    times: int,
    counts: Sequence[int],
) -> _Draws:
    """Draw for a step, by its own stream, on the CPU whatever the device.

    Args:
        settings: of the section.
        key: name of what is learned.
        step: from 0.
        shape: of the values of an image, (C, H, W).
        times: time steps that there are.
        counts: images of each class, one after the other.
    """
    seed = derive_seed("personalise", settings.seed, key, step)
    stream, size = torch.Generator().manual_seed(seed), (settings.batch_size,)
    return _Draws(
        _rows(settings, counts, stream),
        torch.randn((*size, *shape), generator=stream),
        torch.randn((*size, *shape), generator=stream),
        torch.randint(times, size, generator=stream),
        torch.rand(size, generator=stream) < settings.text_dropout,
    )


def _rows(settings: PersonaliseSettings, counts: Sequence[int], stream: torch.Generator) -> Tensor:
    """Draw which images a step learns from, (batch_size,) int64."""
    size = (settings.batch_size,)
    if not (settings.learns_together() and settings.sampling == "class-balanced"):
        return torch.randint(sum(counts), size, generator=stream)
    of_class = torch.tensor(counts)
    drawn = torch.randint(len(counts), size, generator=stream)
    # In float64, in which a number below 1 times a count stays below the count.
    place = torch.rand(size, generator=stream, dtype=torch.float64) * of_class[drawn]
    return (of_class.cumsum(0) - of_class)[drawn] + place.to(torch.int64)
