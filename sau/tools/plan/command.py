"""The command `sau plan`."""

import io
import math
import os
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from pathlib import Path
from typing import NamedTuple

import torch

from sau.config import Config
from sau.core.errors import UserError
from sau.core.printable import printable
from sau.core.silence import without_warnings
from sau.pipeline.images.disk import readable
from sau.run.configured import config_words, configured
from sau.run.planned import planned_jobs
from sau.tools.plan.probe import Cost, cost_of_images, seconds_of_score, seconds_of_step
from sau.tools.plan.probe_learning import cost_of_learning
from sau.tools.plan.work import Training, Work, work_of

_NOT_PROBED = ("influence",)
_LISTED = 20
"""Classes whose images are counted one by one."""


def plan(*, config: list[str] | None = None, probe: bool = True) -> None:
    """Say what a run will draw, train, store and pay, and how long that takes here.

    What is there already counts as done. Nothing is written, asked or spent.

    Args:
        config: what stands after `sau run --config`; default: nothing.
        probe: time a few batches of the generator, the scorer and each row's network.

    Raises:
        UserError: what is wrong with the config.
    """
    named = config or []
    settings = configured(named)
    work = work_of(settings, planned_jobs(config_words(named)))
    for line in _lines(settings, work, probe=probe):
        print(printable(line), flush=True)


def _lines(config: Config, work: Work, *, probe: bool) -> Iterator[str]:
    if not work.jobs:
        yield "nothing to do: all results are there"
        return
    yield "jobs: " + ", ".join(f"{rule} {count}" for rule, count in work.jobs.items())
    if work.learned:
        yield f"learning ({config.personalise.method}): at most {work.learned:,} steps"
    yield from _draws(config, work)
    for row, training in work.training.items():
        yield f"training {row}: {training.runs} runs, {training.steps:,} steps in all"
    yield f"disk: about {readable(work.disk)} of images"
    yield from _money(config, work)
    if probe:
        yield from _minutes(config, work)


def _draws(config: Config, work: Work) -> Iterator[str]:
    if not work.drawn:
        return
    most = "at most " if config.rounds.over_generation is not None else ""
    each = sorted(set(work.draws))
    yield f"images to draw: {most}{work.drawn:,}, {' or '.join(map(str, each))} of a class"
    if len(each) > 1:
        pairs = list(zip(work.class_names, work.draws, strict=True))
        yield from (f"  {name} {count:,}" for name, count in pairs[:_LISTED])
        if len(pairs) > _LISTED:
            yield f"  ... {len(pairs) - _LISTED} more"


def _money(config: Config, work: Work) -> Iterator[str]:
    settings = config.prompts
    asked = [words for words in settings.words(work.class_names) if words.asks_model]
    if not (asked and work.jobs.get("prompts")):
        yield "language model: nothing to ask, nothing to pay"
        return
    from sau.pipeline.prompts.llm.collect import first_requests
    from sau.pipeline.prompts.llm.collect import plan as plan_of_requests
    from sau.pipeline.prompts.llm.store import AnswerStore

    store = AnswerStore(Path(config.experiment.results) / "prompts" / "answers.jsonl")
    requests = first_requests(asked, settings, store)
    yield f"language model: {plan_of_requests(requests, settings, store)}"


def _minutes(config: Config, work: Work) -> Iterator[str]:
    """Time a few batches of each kind of work, and say how long all of it takes."""
    side = config.dataset.image_size
    total, cores = 0.0, os.cpu_count() or 1
    if work.learned:
        line, seconds = _learning(config, work, cores)
        total += seconds
        yield line
    for label, generator in enumerate(work.generators):
        same = [n for n, other in enumerate(work.generators) if other == generator]
        images = sum(work.draws[n] for n in same)
        if not images or same[0] != label:
            continue
        prompt = f"A photo of a {work.class_names[label]}."
        line, seconds = _timed(
            f"drawing {images:,} images by {generator.model}",
            images,
            lambda one=generator, text=prompt: cost_of_images(one, text),  # type: ignore[misc]
            _Jobs(work.jobs["images"], _at_once(generator.device, generator.threads, cores)),
        )
        total += seconds
        yield line
    if side is None and (work.training or work.jobs.get("scores")):
        yield "not probed: dataset.image_size is null, so the size of images is not known"
        return
    if work.jobs.get("scores") and config.scores.scorer == "open_clip" and side:
        line, seconds = _timed(
            f"scoring {work.drawn:,} images",
            work.drawn,
            lambda: Cost(0.0, seconds_of_score(config.scores, side)),
            _Jobs(
                work.jobs["scores"], _at_once(config.scores.device, config.scores.threads, cores)
            ),
        )
        total += seconds
        yield line
    for row, training in work.training.items():
        line, seconds = _row(row, training, len(work.class_names), side or 0, cores)
        total += seconds
        yield line
    others = [f"{stage}, not probed" for stage in _NOT_PROBED if work.jobs.get(stage)]
    beside = ", ".join([*others, "reading and reports"])
    yield f"in all about {_duration(total)} on this machine, beside {beside}"


def _learning(config: Config, work: Work, cores: int) -> tuple[str, float]:
    settings = config.personalise
    return _timed(
        f"learning, at most {work.learned:,} steps of {settings.batch_size} images",
        work.learned,
        lambda: cost_of_learning(settings, config.images, work.class_names[0]),
        _Jobs(work.jobs["personalise"], _at_once(settings.device, settings.threads, cores)),
    )


def _row(row: str, training: Training, classes: int, side: int, cores: int) -> tuple[str, float]:
    settings = training.settings
    return _timed(
        f"training {row}, {training.steps:,} steps of {settings.batch_size} images",
        training.steps,
        lambda: Cost(0.0, seconds_of_step(settings, classes, side)),
        _Jobs(training.runs, _at_once(settings.device, settings.threads, cores)),
    )


class _Jobs(NamedTuple):
    """Jobs of a rule: how many there are, and how many run beside each other as cores allow."""

    number: int
    most_at_once: int

    @property
    def at_once(self) -> int:
        """How many do run beside each other."""
        return max(min(self.most_at_once, self.number), 1)

    def seconds(self, cost: Cost, pieces: int) -> float:
        """Return how long they take: one after the other, as many times as it takes."""
        each = cost.start + cost.each * pieces / max(self.number, 1)
        return each * math.ceil(self.number / self.at_once)


def _timed(what: str, pieces: int, probe: Callable[[], Cost], jobs: _Jobs) -> tuple[str, float]:
    """Return a line on some work, and its seconds; none where it cannot be tried here."""
    try:
        # Progress and log of what is only tried stay off the terminal.
        with without_warnings(), redirect_stderr(io.StringIO()):
            cost = probe()
    except (UserError, ValueError) as error:
        return f"{what}: not probed ({error})", 0.0
    seconds = jobs.seconds(cost, pieces)
    start = f", {cost.start:.3g} s to start a job" if cost.start else ""
    beside = f", {jobs.at_once} at once" if jobs.at_once > 1 else ""
    told = f"(probe: {cost.each:.3g} s each{start}{beside})"
    return f"{what}: about {_duration(seconds)} {told}", seconds


def _at_once(device: str, threads: int, cores: int) -> int:
    """Return how many jobs may run beside each other: as cores allow, one on each GPU."""
    return torch.cuda.device_count() if device == "cuda" else max(cores // threads, 1)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
