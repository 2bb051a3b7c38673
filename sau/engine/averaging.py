"""Which weights are tested: the last ones, or a mean of earlier ones."""

import copy
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.swa_utils import get_ema_multi_avg_fn, get_swa_multi_avg_fn

from sau.engine.learning import Learns, learning_parts
from sau.engine.settings import TrainingSettings
from sau.networks import Network

Mean = Callable[[list[Tensor], list[Tensor], int], None]
"""Changes a mean, the first argument, by one more value of each tensor; given how many it had."""


class Average(nn.Module):
    """A network with the mean of another one's weights and statistics.

    The number of values is known on the host, so that taking in another one waits for no device.

    Args:
        network: copied.
        mean: which one.
    """

    n_averaged: Tensor

    def __init__(self, network: Network, mean: Mean) -> None:
        super().__init__()
        self.module = copy.deepcopy(network)
        self.mean = mean
        self.register_buffer("n_averaged", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def take_in(self, network: Network) -> None:
        """Add the network's present weights and statistics to the mean, or begin it with them."""
        kept, new = (list(one.state_dict().values()) for one in (self.module, network))
        if self.count() == 0:
            self.module.load_state_dict(network.state_dict())
        else:
            self.mean(_floating(kept), _floating(new), self.count())
            for old, now in zip(kept, new, strict=True):
                if not old.is_floating_point():
                    old.copy_(now)
        self.n_averaged += 1

    def count(self) -> int:
        """Return how many values the mean has."""
        return int(self.n_averaged)

    def forget(self) -> None:
        """Start again: the next value is the first."""
        self.n_averaged.zero_()


class Averager:
    """Keeps the mean of a network's weights that the settings ask for, if any.

    `ema_decay`: an exponential moving average, updated after each step, of weights and BatchNorm
    statistics. `swa_from`: the plain mean of the weights at the ends of epochs, from that one to
    the last of its phase; their BatchNorm statistics are measured again. A second phase starts from
    the mean of the first; its own weights are averaged from its start (EMA), or its last ones are
    tested (SWA).

    Args:
        network: what is trained.
        settings: says which.

    Source of the latter: Izmailov et al., "Averaging Weights Leads to Wider Optima and Better
    Generalization" (UAI 2018).
    """

    def __init__(self, network: Network, settings: TrainingSettings) -> None:
        self.network = network
        self.decay, self.swa_from = settings.ema_decay, settings.swa_from
        in_first_stage = self.swa_from <= settings.epochs
        self.last_epoch = settings.epochs if in_first_stage else settings.total_epochs()
        self.learns: Learns = "heads" if settings.freeze == "backbone" else "all"
        self.average: Average | None = None
        if self.decay > 0:
            self.average = Average(network, get_ema_multi_avg_fn(self.decay))  # type: ignore[no-untyped-call]
        elif self.swa_from > 0:
            self.average = Average(network, get_swa_multi_avg_fn())  # type: ignore[no-untyped-call]

    def start_epoch(self, epoch: int) -> None:
        """Hand the mean of the weights over to a second phase, in its first epoch."""
        if self.average is not None and epoch == self.last_epoch + 1:
            self.network.load_state_dict(self.tested().state_dict())
            self.average.forget()

    def after_step(self) -> None:
        """Take in the weights that a step has made."""
        if self.average is not None and self.decay > 0:
            self.average.take_in(self.network)

    def end_epoch(self, epoch: int, images: Iterable[Tensor]) -> None:
        """Take in the weights that an epoch has made.

        Args:
            epoch: its number in the run.
            images: normalised batches of training images, to measure BatchNorm's statistics on;
                read only if the mean has changed.
        """
        if self.average is not None and 0 < self.swa_from <= epoch <= self.last_epoch:
            self.average.take_in(self.network)
            measure_statistics(self.tested(), images, self.learns)

    def tested(self) -> Network:
        """Return the network whose weights are tested and saved."""
        if self.average is None or self.average.count() == 0:
            return self.network
        return self.average.module

    def modules(self) -> dict[str, nn.Module]:
        """Return what a checkpoint has to hold, by name."""
        return {} if self.average is None else {"average": self.average}


@torch.no_grad()
def measure_statistics(network: Network, images: Iterable[Tensor], learns: Learns = "all") -> None:
    """Replace BatchNorm's running statistics by the means over batches, where weights learn.

    Args:
        network: its weights stay; the parts that learn are left in train mode, others in eval mode.
        images: normalised batches (B, 3, H, W); each counts the same, whatever its size.
        learns: what of the network does.
    """
    parts = learning_parts(network, learns)
    layers = [m for part in parts for m in part.modules() if isinstance(m, _BatchNorm)]
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
    network.train(learns == "all")
    for part in parts:
        part.train()
    for number, batch in enumerate(images, start=1):
        for layer in layers:
            # The plain mean of all batches so far; with None for it, each layer would look at its
            # own count, and wait for the device.
            layer.momentum = 1 / number
        features = network.features(batch)
        if network.projection is not None:
            network.project(features)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum


def _floating(tensors: list[Tensor]) -> list[Tensor]:
    return [tensor for tensor in tensors if tensor.is_floating_point()]
