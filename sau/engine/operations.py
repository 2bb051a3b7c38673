"""How many floating-point operations a run's training takes, whatever the machine."""

import copy
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import torch

from sau.data.batches import Batch, Streams, view_batches
from sau.engine.epoch_start import all_batches, real_batches
from sau.engine.learning import set_learning
from sau.engine.loop import Run
from sau.engine.operation_counter import OperationCounter
from sau.engine.phases import Phase
from sau.methods.base import Epoch, Step
from sau.networks import Network
from sau.views import ViewName


def count_operations(run: Run) -> int:
    """Return the operations of all steps, and of what each epoch begins with.

    Counted are matrix products and convolutions, forward and backward, a multiplication and an
    addition as two. Elementwise work, views, the optimizer and testing are not. One batch is taken
    for all of its phase, on a copy of the network; of an epoch's start, such as prototypes, the
    first batch of the real images, or all images where a method looks at all: it then has something
    to say of each. The first epoch's start may be another than the others'. Call it when the run is
    over: methods do not keep what they had.

    Args:
        run: whose training is counted.
    """
    return round(sum(_of_phase(run, phase) for phase in run.phases))


def _of_phase(run: Run, phase: Phase) -> float:
    network = copy.deepcopy(run.network)
    set_learning(network, phase.learns)
    phase.method.train()
    epochs = phase.settings.epochs
    of_starts = _of_start(run, phase, network, 1)
    if epochs > 1:
        of_starts += (epochs - 1) * _of_start(run, phase, network, 2)
    of_step, images = _of_step(run, phase, network)
    if phase.settings.sharpness_radius > 0:
        of_step *= 2
    return of_starts + epochs * of_step * phase.images_of_an_epoch() / images


def _of_start(run: Run, phase: Phase, network: Network, number: int) -> float:
    """Return the operations of the look at the network that the phase's epoch begins with."""
    size, generator = phase.settings.batch_size, Streams(run.seed, 0).torch("operations")
    counter = OperationCounter()
    of_views: list[float] = []
    shares: list[float] = []

    def first_of_real(names: Sequence[ViewName]) -> Iterable[Batch]:
        whole = int((~phase.data.is_synthetic).sum())
        shares.append(min(size, whole) / whole)
        made = real_batches(phase.data, names, run.views, size, generator)
        return _noting(islice(made, 1), counter, of_views)

    def whole_set(names: Sequence[ViewName]) -> Iterable[Batch]:
        made = all_batches(phase.data, names, run.views, size, generator)
        return _noting(made, counter, of_views)

    epoch = Epoch(number=number, network=network, real_batches=first_of_real, all_batches=whole_set)
    with counter:
        phase.method.start_epoch(epoch)
    return (counter.total - sum(of_views)) / (shares[0] if shares else 1)


def _noting(
    batches: Iterator[Batch], counter: OperationCounter, of_views: list[float]
) -> Iterator[Batch]:
    """Yield the batches, and add the operations of making each one's views to `of_views`.

    What moves of images are kept from earlier batches differs from process to process, so that a
    run that was killed would not end in the same number.
    """
    before = counter.total
    for batch in batches:
        of_views.append(counter.total - before)
        yield batch
        before = counter.total


def _of_step(run: Run, phase: Phase, network: Network) -> tuple[float, int]:
    """Return the operations of one step's loss and gradient, and the images of its batch."""
    streams, method, size = Streams(run.seed, 0), phase.method, phase.settings.batch_size
    views = method.views, method.second_views
    first, second = (
        next(view_batches(phase.data, names, run.views, size, streams, stream))
        for names, stream in zip(views, ("first", "second"), strict=True)
    )
    pair = second if method.second_views else None
    step = Step(batch=first, second=pair, network=network, generator=streams.numpy("mixing"))
    with OperationCounter() as counter:
        torch.autograd.backward(method.loss(step)["total"])
    return float(counter.total), len(first.labels)
