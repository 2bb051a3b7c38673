"""Learn one class: steps of noise on its images, as the model itself was trained."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor

from sau.core.random_streams import derive_seed
from sau.engine.eager_optimizers import EagerAdamW
from sau.pipeline.personalise import checkpoint
from sau.pipeline.personalise.methods import learnable
from sau.pipeline.personalise.model import Model
from sau.pipeline.personalise.sealed_tensors import save_sealed
from sau.pipeline.personalise.settings import PersonaliseSettings
from sau.pipeline.personalise.words import Words


def learn_class(
    model: Model,
    pictures: Sequence[Image.Image],
    settings: PersonaliseSettings,
    words: Words,
    output: Path,
    on_steps: Callable[[int], object],
) -> None:
    """Learn what the settings ask for, and write it as a safetensors file.

    A checkpoint stands beside the output, with `.checkpoint` at its end, until that is there; the
    same call goes on from it, to the same bytes on a CPU.

    Args:
        model: frozen, on its device.
        pictures: of the class, at least one, RGB.
        settings: of the section.
        words: of the class.
        output: the file, whose name says what it depends on.
        on_steps: called with the number of steps that were done since the last call.
    """
    moments = [model.moments(picture) for picture in pictures]
    means, deviations = (torch.cat(part) for part in zip(*moments, strict=True))
    saved = output.with_suffix(".checkpoint")
    with learnable(model, settings, words) as found:
        optimizer = EagerAdamW(found.values.values(), lr=settings.learning_rate, weight_decay=0.0)
        done = checkpoint.restore(saved, found.values, optimizer)
        on_steps(done)
        for step in range(done, settings.steps):
            optimizer.zero_grad()
            drawn = _draws(settings, words.key, step, means, model.time_steps)
            latents = means[drawn.rows] + deviations[drawn.rows] * drawn.place
            hidden = found.hidden().expand(settings.batch_size, -1, -1)
            loss = model.loss(model.scaled(latents), drawn.noise, drawn.times, hidden)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            on_steps(1)
            if (step + 1) % settings.checkpoint_every == 0:
                checkpoint.save(saved, found.values, optimizer, step + 1)
        save_sealed(output, found.values)
    saved.unlink(missing_ok=True)


class _Draws(NamedTuple):
    """What a step draws: which images, the noise of their latent values, and that of the step."""

    rows: Tensor
    place: Tensor
    noise: Tensor
    times: Tensor


def _draws(settings: PersonaliseSettings, key: str, step: int, like: Tensor, times: int) -> _Draws:
    """Draw for a step, by its own stream, on the CPU whatever the device.

    Args:
        settings: of the section.
        key: name of the class.
        step: from 0.
        like: latent values of the class's images, (N, C, H, W).
        times: time steps that there are.
    """
    seed = derive_seed("personalise", settings.seed, key, step)
    stream, count = torch.Generator().manual_seed(seed), settings.batch_size
    shape = (count, *like.shape[1:])
    return _Draws(
        torch.randint(len(like), (count,), generator=stream).to(like.device),
        torch.randn(shape, generator=stream).to(like),
        torch.randn(shape, generator=stream).to(like),
        torch.randint(times, (count,), generator=stream).to(like.device),
    )
