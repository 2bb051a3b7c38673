"""How long the real generator, scorer and network take here, by a few batches of each."""

import importlib
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image

from sau.core.random_streams import numpy_generator
from sau.device.gpus import reserved_device
from sau.device.repeatable import repeatable
from sau.engine.api import NOT_HERE, train
from sau.engine.settings import TrainingSettings
from sau.pipeline.images.load import Weights, load_generator
from sau.pipeline.images.settings import ImagesSettings
from sau.pipeline.scores.clip import Clip
from sau.pipeline.scores.load import load_model
from sau.pipeline.scores.settings import ScoresSettings
from sau.pipeline.training.settings import TrainingSection

_FEW, _MORE = 1, 3
"""Batches of two trainings: the difference of their times is that of the batches between."""


_OF_WHOLE_RUNS = frozenset(
    {"data", "epochs", "schedule", "step_epochs", "step_factor", "warmup_epochs", "second_stage"}
    | {"swa_from", "keep_best"}
)
"""Settings that say nothing of a single step, and may not fit one epoch."""


def seconds_of_step(settings: TrainingSection, classes: int, side: int) -> float:
    """Return the seconds of one training step, on images of noise.

    Args:
        settings: of the row.
        classes: that there are.
        side: pixels of an image.
    """
    times = [_training_seconds(settings, classes, side, batches) for batches in (_FEW, _MORE)]
    return max(times[1] - times[0], 0.0) / (_MORE - _FEW)


Clock = Callable[[], float]
"""Seconds since some moment."""

_GENERATOR_MODULES = ("sau.pipeline.images.generate", "sau.pipeline.images.{source}_generator")
"""What a job of the images stage imports before it draws."""


class Cost(NamedTuple):
    """Seconds of a job's start, and of each of the pieces that it then works on."""

    start: float
    each: float


def cost_of_images(settings: ImagesSettings, prompt: str, clock: Clock = time.perf_counter) -> Cost:
    """Return what drawing takes: a job until it draws, and one image, by a batch of the generator.

    One picture is drawn before, as whatever comes first takes longer.

    Args:
        settings: of a class.
        prompt: what is drawn.
        clock: by which the seconds are measured.
    """
    modules = [name.format(source=settings.source) for name in _GENERATOR_MODULES]
    start = seconds_of_imports(modules, clock)
    with reserved_device(settings.device, "images.device") as device, repeatable(settings.threads):
        before = clock()
        Weights().of(settings)
        generator = load_generator(settings, device)
        size = generator.whole_batch(settings.batch_size)
        prompts, seeds = [prompt] * size, list(range(size))
        generator.announce(prompts[:1])
        guides = [Image.new("RGB", (64, 64))] * size if settings.guide == "real" else None
        start += clock() - before
        generator.draw(prompts[:1], seeds[:1], guides and guides[:1])
        seconds = seconds_of(lambda: generator.draw(prompts, seeds, guides), clock)
    return Cost(start, seconds / size)


def seconds_of_imports(modules: Sequence[str], clock: Clock = time.perf_counter) -> float:
    """Return how long a process takes that imports modules and does nothing.

    They are imported here too, so that what comes next does not count them once more.
    """
    program = f"import {', '.join(modules)}"
    start = seconds_of(lambda: subprocess.run([sys.executable, "-c", program], check=True), clock)
    for name in modules:
        importlib.import_module(name)
    return start


def seconds_of_score(settings: ScoresSettings, side: int) -> float:
    """Return the seconds of scoring one image, by a batch through the model."""
    with reserved_device(settings.device, "scores.device") as device, repeatable(settings.threads):
        loaded = load_model(settings.model, settings.pretrained, device, settings.trained_as)
        clip = Clip(loaded, device, settings.precision)
        draws = numpy_generator("plan", "scores")
        pixels = [
            draws.integers(0, 256, (side, side, 3), dtype=np.uint8)
            for _ in range(settings.batch_size)
        ]
        clip.embed_images(pixels)  # the first time is slower
        seconds = seconds_of(lambda: clip.embed_images(pixels))
    return seconds / settings.batch_size


def _training_seconds(settings: TrainingSection, classes: int, side: int, batches: int) -> float:
    count = settings.batch_size * batches
    draws = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, 3, side, side), dtype=torch.uint8, generator=draws)
    is_balanced = settings.data == "balanced"
    extra: dict[str, Any] = (
        {"is_synthetic": torch.arange(count) % 2 == 1, "scores": torch.rand(count, generator=draws)}
        if is_balanced
        else {}
    )
    idle = settings.idle()
    known = {*TrainingSettings.model_fields} - {*NOT_HERE, *_OF_WHOLE_RUNS}
    own = {
        key: value
        for key, value in settings.to_mapping().items()
        if key in known and key not in idle
    }
    with reserved_device(settings.device, "training.device") as device:
        own["device"] = device
        # Every class has images, also in small batches.
        labels = torch.arange(count) // 2 % min(classes, count // 2)
        return seconds_of(lambda: train(images, labels, classes=classes, epochs=1, **extra, **own))


def seconds_of(work: Callable[[], object], clock: Clock = time.perf_counter) -> float:
    """Return how long some work takes, on a GPU too."""
    start = clock()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return clock() - start
