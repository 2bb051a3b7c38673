"""The training loop, from the first epoch to the last."""

import dataclasses
import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice, repeat

import torch
from torch import Tensor, nn

from sau.core.errors import ArgumentError
from sau.core.progress import LOG_INTERVAL, progress_in_batches
from sau.data.batches import Batch, Streams, view_batches
from sau.data.sets import TestData, ValidationData
from sau.device.ranks import ALONE, Ranks
from sau.device.share import sharing
from sau.engine.averaging import Averager
from sau.engine.epoch_start import all_batches, real_batches
from sau.engine.phases import Phase
from sau.engine.prediction import class_balanced_top1, predict
from sau.engine.settings import TrainingSettings
from sau.engine.state import PartialEpoch, Predictions, RunState, Tally
from sau.engine.step import take_step
from sau.engine.stopping import Stop
from sau.engine.totals import LossTotals
from sau.methods.base import AnyMethod, Epoch, Step
from sau.networks import Network
from sau.networks.batch_norm import average_statistics
from sau.networks.saved import saved_state
from sau.views import ViewOptions

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run:
    """What one run trains, on what and how; all of it on `device`.

    `test`: None where nothing is measured. `ranks`: the processes that train together; after each
    step all of them have the same values.
    """

    network: Network
    averager: Averager
    phases: tuple[Phase, ...]
    test: TestData | None
    validation: ValidationData | None
    views: ViewOptions
    settings: TrainingSettings
    seed: int
    device: torch.device
    ranks: Ranks = ALONE

    def phase_of(self, epoch: int) -> Phase:
        """Return the stage that `epoch` of the run belongs to."""
        return next(phase for phase in reversed(self.phases) if epoch >= phase.first_epoch)

    def modules(self) -> dict[str, nn.Module]:
        """Return what a checkpoint has to hold, by name."""
        methods = {f"method{place}": phase.method for place, phase in enumerate(self.phases)}
        return {"network": self.network, **methods, **self.averager.modules()}


def train(
    run: Run,
    state: RunState,
    save: Callable[[RunState], None],
    record: Callable[[int, str, float], None],
    stop: Stop,
) -> None:
    """Train the epochs that `state` lacks, and add to it what they give.

    Args:
        run: network, data and settings.
        state: of a new run, or restored from a checkpoint; changed in place.
        save: called at the end of every `checkpoint_every`-th epoch, and when the run stops early.
        record: called with epoch, name and value of each quantity of the history.
        stop: asked before each epoch and after each step; `state` then says how far the run came.

    Raises:
        ArgumentError: the loss is no longer finite.
    """
    total = run.settings.total_epochs()
    announced = time.monotonic()
    unsaved = False
    with _steps_shown(run, state) as done:

        def leave() -> bool:
            done(1)
            return stop.due()

        for epoch in range(state.epoch + 1, total + 1):
            if stop.before_epoch():
                break
            phase = run.phase_of(epoch)
            losses = train_epoch(run, phase, epoch, state.partial, leave)
            if isinstance(losses, PartialEpoch):
                state.partial, unsaved = losses, True
                break
            _refuse_non_finite(losses, epoch, phase.rate)
            values = {f"loss/{name}": value for name, value in losses.items()}
            values["learning_rate"] = phase.rate
            if epoch == total or epoch % run.settings.evaluate_every == 0:
                predictions = measure_epoch(run, epoch)
                if predictions is not None:
                    if state.record_predictions(predictions):
                        state.best_weights = saved_state(run.averager.tested())
                    values |= predictions.figures()
            every = run.settings.snapshot_every
            if every and epoch % every == 0:
                state.snapshots[epoch] = saved_state(run.averager.tested())
            state.epoch, state.partial, unsaved = epoch, None, True
            state.label_correction += _tally_rows(phase.method, epoch)
            for name, value in values.items():
                state.history.append((epoch, name, value))
                record(epoch, name, value)
            if epoch % run.settings.checkpoint_every == 0:
                save(state)
                unsaved = False
            if epoch == total or time.monotonic() > announced + LOG_INTERVAL:
                announced = time.monotonic()
                _announce(epoch, total, losses["total"], values.get("test/top1"))
            stop.end_epoch()
    if unsaved and state.epoch < total:
        save(state)


@contextmanager
def _steps_shown(run: Run, state: RunState) -> Iterator[Callable[[int], object]]:
    """Show the run's steps as they are done; one of several processes does."""
    if not run.ranks.is_first:
        yield lambda _: None
        return
    epochs = range(1, run.settings.total_epochs() + 1)
    steps = [run.phase_of(epoch).steps_of_an_epoch() for epoch in epochs]
    done = sum(steps[: state.epoch]) + (state.partial.steps if state.partial else 0)
    with progress_in_batches("training", total=sum(steps), unit="step", done=done) as advance:
        yield advance


def begin_epoch(run: Run, phase: Phase, epoch: int) -> None:
    """Prepare averages and method for an epoch of the run; they may look at the network."""
    start, size = Streams(run.seed, epoch).torch("prototypes"), phase.settings.batch_size
    run.averager.start_epoch(epoch)
    phase.method.start_epoch(
        Epoch(
            number=phase.number_of(epoch),
            network=run.network,
            real_batches=lambda names: real_batches(
                phase.data, names, run.views, size, start, run.ranks
            ),
            all_batches=lambda names: all_batches(phase.data, names, run.views, size, start),
        )
    )


def train_epoch(
    run: Run,
    phase: Phase,
    epoch: int,
    partial: PartialEpoch | None = None,
    due: Callable[[], bool] = lambda: False,
    started: Callable[[], object] = lambda: None,
) -> dict[str, float] | PartialEpoch:
    """Train one epoch of the run; return the mean of each loss over its images.

    Args:
        run: what is trained.
        phase: the stage that the epoch belongs to.
        epoch: its number in the run.
        partial: what the epoch's first steps have found, if it is taken up again after them.
        due: called after each step, returns whether to leave the epoch; then what it has found so
            far is returned instead.
        started: called before the first step, when averages and method are prepared.
    """
    streams = Streams(run.seed, epoch)
    mixing = streams.numpy("mixing")
    if partial is None:
        begin_epoch(run, phase, epoch)
    else:
        mixing.bit_generator.state = partial.mixing
    started()
    # After the method, which may have looked at the network in eval mode.
    phase.prepare(run.network, epoch)
    totals = LossTotals(partial, run.device)
    # Batches that were trained on are drawn again, or the streams would not be where they were.
    for batch, second in islice(_batch_pairs(run, phase, streams), totals.steps, None):
        phase.set_rate(epoch, totals.steps)
        losses = take_step(
            phase.method,
            phase.optimizer,
            Step(batch=batch, second=second, network=run.network, generator=mixing),
            sharpness_radius=phase.settings.sharpness_radius,
            loss_of=phase.loss_of,
        )
        _average_statistics(run, run.network, phase.method)
        run.averager.after_step()
        totals.add(losses, len(batch.labels))
        if due():
            return totals.partial(dict(mixing.bit_generator.state))
    run.averager.end_epoch(epoch, _plain_views(run, phase, streams))
    return totals.means()


def measure_epoch(run: Run, epoch: int) -> Predictions | None:
    """Classify the test images, and measure the validation images, as far as there are any."""
    if run.test is None:
        return None
    network, shown = run.averager.tested(), run.settings.test_views
    predictions = predict(network, run.test, run.views, epoch, shown=shown, ranks=run.ranks)
    if run.validation is None:
        return predictions
    held_out = predict(network, run.validation, run.views, epoch, shown=shown, ranks=run.ranks)
    top1 = class_balanced_top1(held_out.predicted, run.validation.labels.cpu())
    return dataclasses.replace(predictions, validation_top1=top1)


def _batch_pairs(run: Run, phase: Phase, streams: Streams) -> Iterator[tuple[Batch, Batch | None]]:
    """Yield the epoch's batches, each with its second batch if the method has one."""
    method, size, steps = phase.method, phase.settings.batch_size, phase.settings.steps_per_epoch
    first = view_batches(
        phase.data, method.views, run.views, size, streams, "first", ranks=run.ranks, steps=steps
    )
    if not method.second_views:
        yield from zip(first, repeat(None))
        return
    weights = method.second_class_weights()
    second = view_batches(
        phase.data,
        method.second_views,
        run.views,
        size,
        streams,
        "second",
        weights,
        run.ranks,
        steps=steps,
    )
    yield from zip(first, second, strict=True)


def _plain_views(run: Run, phase: Phase, streams: Streams) -> Iterator[Tensor]:
    """Yield the first view of all training images, for BatchNorm's statistics."""
    size, network = phase.settings.batch_size, run.averager.tested()
    for batch in view_batches(
        phase.data, ("v1",), run.views, size, streams, "statistics", ranks=run.ranks
    ):
        with sharing(network.modules(), batch.share):
            yield batch.views["v1"]
    _average_statistics(run, network)


def _average_statistics(run: Run, *modules: nn.Module) -> None:
    """Let all processes remember the same, where each one's BatchNorm sees its own rows alone."""
    if run.ranks.count > 1 and not run.settings.sync_batch_norm:
        average_statistics(*modules)


def _announce(epoch: int, epochs: int, loss: float, top1: float | None) -> None:
    measured = "" if top1 is None else f", test top-1 {top1:.2f} %"
    logger.info("epoch %d of %d: loss %.3f%s", epoch, epochs, loss, measured)


def _refuse_non_finite(losses: dict[str, float], epoch: int, rate: float) -> None:
    if not all(math.isfinite(value) for value in losses.values()):
        raise ArgumentError(
            f"learning_rate: at {rate:g} the loss of epoch {epoch} is {losses['total']}; lower it, "
            "or set precision to float32"
        )


def _tally_rows(method: AnyMethod, epoch: int) -> list[Tally]:
    tallies = method.end_epoch()
    if tallies is None:
        return []
    known = 4 if method.context.true_labels is not None else 2
    rows = tallies.cpu()[:, :known].tolist()
    return [Tally(epoch, label, *counts) for label, counts in enumerate(rows)]
