"""What the jobs of a run that are still to do amount to: images, training steps, bytes."""

import dataclasses
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from sau.config import Config
from sau.pipeline.dataset.load import load
from sau.pipeline.images.beside import list_beside
from sau.pipeline.images.per_class import settings_by_label
from sau.pipeline.images.settings import ImagesSettings
from sau.pipeline.personalise.settings import PersonaliseSettings
from sau.pipeline.subset.stage import real_counts
from sau.pipeline.training.settings import TrainingSection
from sau.run.planned import Job
from sau.sources.checks import counts_of

_BYTES_OF_PIXEL = 2
"""Of a photograph as PNG, about."""


@dataclasses.dataclass(frozen=True)
class Training:
    """The runs of one row that are to do: how it trains, how many there are, steps of all."""

    settings: TrainingSection
    runs: int
    steps: int


@dataclasses.dataclass(frozen=True)
class Work:
    """What is to do.

    Attributes:
        jobs: by rule.
        class_names: in label order.
        real: images of the training set, of each class.
        learned: steps in which the generator learns from real images; at most, as what was learned
            of a class before is taken again.
        draws: images to draw of each class, in label order; at most, where rounds draw what lacks.
        generators: settings of each class's generator.
        training: by row.
        disk: bytes of the images that will be stored, about.
    """

    jobs: dict[str, int]
    class_names: list[str]
    real: list[int]
    learned: int
    draws: list[int]
    generators: list[ImagesSettings]
    training: dict[str, Training]
    disk: int

    @property
    def drawn(self) -> int:
        """All images to draw."""
        return sum(self.draws)


def work_of(config: Config, pending: Sequence[Job]) -> Work:
    """Return what jobs amount to. Real images are listed, not decoded.

    Raises:
        UserError: what the dataset or the subset stage would refuse.
    """
    names, train, test = load(config.dataset)
    jobs = Counter(job.rule for job in pending)
    by_label = settings_by_label(config.images, names)
    generators = [by_label[label] for label in range(len(names))]
    draws = _draws(config, names, jobs["images"])
    real = [int(n) for n in counts_of(train, len(names))]
    pixels = (len(train) + len(test)) * bool(jobs["dataset"]) + sum(draws)
    return Work(
        jobs=dict(jobs),
        class_names=names,
        real=real,
        learned=_learned(config.personalise, pending, len(names)),
        draws=draws,
        generators=generators,
        training=_training(config, pending, names, real),
        disk=_BYTES_OF_PIXEL * pixels * (config.dataset.image_size or 0) ** 2,
    )


def _learned(settings: PersonaliseSettings, pending: Sequence[Job], classes: int) -> int:
    """Return the steps of the shards that are to do; the classes take turns."""
    shards = [int(job.wildcards["shard"]) for job in pending if job.rule == "personalise"]
    if settings.learns_together():
        return settings.steps * len(shards)
    own = (len(range(shard, classes, settings.shards)) for shard in shards)
    return settings.steps * sum(own)


def _draws(config: Config, names: list[str], jobs: int) -> list[int]:
    """Return how many images of each class so many shards draw: those that are not imported."""
    images, prompts = config.images, config.prompts.per_class
    if not jobs or images.source not in ("glide", "diffusers"):
        return [0] * len(names)
    share, beside = jobs / config.image_shards(), list_beside(images, names)
    return [math.ceil(beside.to_draw(label, prompts) * share) for label in range(len(names))]


def _training(
    config: Config, pending: Sequence[Job], names: list[str], real: list[int]
) -> dict[str, Training]:
    labels = np.repeat(np.arange(len(real), dtype=np.int64), real)
    found: dict[str, Training] = {}
    for job in (job for job in pending if job.rule == "training"):
        row, factor = job.wildcards["run"], job.wildcards["imbalance_factor"]
        settings = config.training.settings_of(row, factor)
        counts, _ = real_counts(labels, names, factor, config.subset)
        before = found.get(row, Training(settings, 0, 0))
        steps = before.steps + steps_of(settings, counts)
        found[row] = Training(settings, before.runs + 1, steps)
    return found


def steps_of(settings: TrainingSection, counts: Sequence[int]) -> int:
    """Return the training steps of one run.

    Args:
        settings: of its row.
        counts: real training images of each class; a balanced set has the largest of each.
    """

    def passes_take(epochs: int, data: str, batch_size: int) -> int:
        images = max(counts) * len(counts) if data == "balanced" else sum(counts)
        return epochs * math.ceil(images / batch_size)

    first = settings.epochs * settings.steps_per_epoch or passes_take(
        settings.epochs, settings.data, settings.batch_size
    )
    second = settings.second()
    if second is None:
        return first
    batch_size = second.batch_size or settings.batch_size
    return first + passes_take(second.epochs, second.data, batch_size)
