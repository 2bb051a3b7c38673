"""The training loop, from the first epoch to the last."""

import dataclasses
import logging
import math
import time
from collections.abc import Callable, Iterator
from itertools import repeat

import torch
from torch import Tensor

from sau.errors import UserError
from sau.progress import LOG_INTERVAL, progress
from sau.training.batches import Batch, Streams, view_batches
from sau.training.data import TestData, TrainingData
from sau.training.methods import Method
from sau.training.models import Network
from sau.training.prediction import predict
from sau.training.settings import TrainingSettings
from sau.training.state import RunState
from sau.training.views import ViewOptions

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Run:
    """What one run trains, on what and how; all of it on `device`."""

    network: Network
    method: Method
    optimizer: torch.optim.SGD
    data: TrainingData
    test: TestData
    views: ViewOptions
    settings: TrainingSettings
    seed: int
    device: torch.device


def make_optimizer(network: Network, settings: TrainingSettings) -> torch.optim.SGD:
    """Return SGD with momentum, and with weight decay on every parameter."""
    return torch.optim.SGD(
        network.parameters(),
        settings.learning_rate,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
        fused=True,
    )


def cosine_rate(start: float, epoch: int, epochs: int) -> float:
    """Return the learning rate of `epoch`, 1 to `epochs`: `start` in the first, towards 0 after.

    It changes once per epoch, as in the published code of SAU and GLMC, and would be 0 in the
    epoch after the last.
    """
    return start * 0.5 * (1 + math.cos(math.pi * (epoch - 1) / epochs))


def train(
    run: Run,
    state: RunState,
    save: Callable[[RunState], None],
    record: Callable[[int, str, float], None],
) -> None:
    """Train the epochs that `state` lacks, and add to it what they give.

    Args:
        run: network, data and settings.
        state: of a new run, or restored from a checkpoint; changed in place.
        save: called at the end of every `checkpoint_every`-th epoch.
        record: called with epoch, name and value of each quantity of the history.

    Raises:
        UserError: the loss is no longer finite.
    """
    settings = run.settings
    epochs = range(state.epoch + 1, settings.epochs + 1)
    announced = time.monotonic()
    for epoch in progress(epochs, "training", total=len(epochs), unit="epoch"):
        rate = cosine_rate(settings.learning_rate, epoch, settings.epochs)
        losses = train_epoch(run, epoch, rate)
        _refuse_non_finite(losses, epoch, rate)
        predictions = predict(run.network, run.test, run.views.normalisation, epoch)
        state.epoch = epoch
        state.record_predictions(predictions)
        state.label_correction += _tally_rows(run.method.end_epoch(), epoch)
        values = {f"loss/{name}": value for name, value in losses.items()}
        for name, value in (
            values | {"learning_rate": rate, "test/top1": predictions.top1}
        ).items():
            state.history.append((epoch, name, value))
            record(epoch, name, value)
        if epoch % settings.checkpoint_every == 0:
            save(state)
        if epoch == settings.epochs or time.monotonic() > announced + LOG_INTERVAL:
            announced = time.monotonic()
            _announce(epoch, settings.epochs, losses["total"], predictions.top1)


def train_epoch(run: Run, epoch: int, rate: float) -> dict[str, float]:
    """Train one epoch with learning rate `rate`; return the mean of each loss over its images.

    No step waits for the device: losses are added up there and read once, at the end.
    """
    for group in run.optimizer.param_groups:
        group["lr"] = rate
    streams = Streams(run.seed, epoch)
    run.network.train()
    run.method.start_epoch(
        run.network, run.data, run.views, run.settings.batch_size, streams.torch("prototypes")
    )
    mixing = streams.numpy("mixing")
    sums: Tensor | None = None
    names: list[str] = []
    images = 0
    for batch, second in _batch_pairs(run, streams):
        losses = run.method.loss(batch, second, run.network, mixing)
        run.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(losses["total"])
        run.optimizer.step()
        names = list(losses)
        count = len(batch.labels)
        weighted = torch.stack([value.detach() for value in losses.values()]) * count
        sums = weighted if sums is None else sums + weighted
        images += count
    assert sums is not None
    return dict(zip(names, (sums / images).tolist(), strict=True))


def _batch_pairs(run: Run, streams: Streams) -> Iterator[tuple[Batch, Batch | None]]:
    """Yield the epoch's batches, each with its second batch if the method has one."""
    size = run.settings.batch_size
    first = view_batches(run.data, run.method.views, run.views, size, streams, "first")
    if not run.method.second_views:
        yield from zip(first, repeat(None))
        return
    second = view_batches(run.data, run.method.second_views, run.views, size, streams, "second")
    yield from zip(first, second, strict=True)


def _announce(epoch: int, epochs: int, loss: float, top1: float) -> None:
    logger.info("epoch %d of %d: loss %.3f, test top-1 %.2f %%", epoch, epochs, loss, top1)


def _refuse_non_finite(losses: dict[str, float], epoch: int, rate: float) -> None:
    if not all(math.isfinite(value) for value in losses.values()):
        raise UserError(
            f"epoch {epoch}: the loss is {losses['total']} at learning rate {rate:g}; "
            "lower training.learning_rate, or set training.precision to float32"
        )


def _tally_rows(tallies: Tensor | None, epoch: int) -> list[tuple[int, int, int, int]]:
    if tallies is None:
        return []
    return [
        (epoch, label, synthetic, noise)
        for label, (synthetic, noise) in enumerate(tallies.cpu().tolist())
    ]
