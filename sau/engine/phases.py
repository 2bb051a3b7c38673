"""The stages of a run's training: one for most methods, two where a second one follows."""

import dataclasses
from collections.abc import Iterator

import torch
from torch import nn

from sau.data.batches import count_batches
from sau.data.sets import TrainingData
from sau.engine.learning import Learns, set_learning
from sau.engine.optimizers import FACTOR
from sau.engine.parallel import LossFunction, own_loss
from sau.engine.schedule import rate_of_step
from sau.engine.settings import TrainingSettings
from sau.methods.base import AnyMethod
from sau.networks import Network


@dataclasses.dataclass(frozen=True)
class Phase:
    """What one stage minimises, on what, and from which epoch of the run on.

    `settings` are the stage's own: epochs, learning rate and weight decay of its optimizer.
    `learns`: which parts of the network do.
    `loss_of` is another function where several processes share the batches.
    """

    method: AnyMethod
    data: TrainingData
    optimizer: torch.optim.Optimizer
    settings: TrainingSettings
    first_epoch: int
    learns: Learns = "all"
    loss_of: LossFunction = own_loss

    def number_of(self, epoch: int) -> int:
        """Return the number within the stage, from 1, of the run's `epoch`."""
        return epoch - self.first_epoch + 1

    def prepare(self, network: Network, epoch: int) -> None:
        """Set what learns in the run's `epoch`, and the rate of its first step."""
        self.set_rate(epoch, 0)
        set_learning(network, self.learns)
        self.method.train()

    def set_rate(self, epoch: int, step: int) -> None:
        """Set the rate of a step, counted from 0, of the run's `epoch`."""
        number, steps = self.number_of(epoch), self.steps_of_an_epoch()
        rate = rate_of_step(self.settings, number, step, steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group[FACTOR]

    def parameters(self) -> Iterator[nn.Parameter]:
        """Yield what the optimizer holds, in its order."""
        for group in self.optimizer.param_groups:
            yield from group["params"]

    def steps_of_an_epoch(self) -> int:
        """Return how many batches an epoch of the stage has."""
        own = self.settings.steps_per_epoch
        return own or count_batches(len(self.data.ids), self.settings.batch_size)

    def images_of_an_epoch(self) -> int:
        """Return how many images an epoch of the stage trains on, each as often as it comes."""
        return self.settings.steps_per_epoch * self.settings.batch_size or len(self.data.ids)

    @property
    def rate(self) -> float:
        """The learning rate that is set, before the factors of groups."""
        first = self.optimizer.param_groups[0]
        return float(first["lr"]) / float(first[FACTOR])


def second_settings(settings: TrainingSettings) -> TrainingSettings | None:
    """Return the settings of the second phase, complete; None if there is none.

    What it has no setting of its own for is as in the first phase.
    """
    second = settings.second()
    if second is None:
        return None
    return settings.replace(
        method=second.method,
        options=second.options,
        data=second.data,
        epochs=second.epochs,
        learning_rate=second.learning_rate,
        muon_learning_rate=settings.muon_learning_rate
        * (second.learning_rate / settings.learning_rate if settings.optimizer == "muon" else 1),
        weight_decay=second.weight_decay,
        batch_size=second.batch_size or settings.batch_size,
        schedule=second.schedule,
        step_epochs=second.step_epochs,
        step_factor=second.step_factor,
        warmup_epochs=second.warmup_epochs,
        sharpness_radius=(
            settings.sharpness_radius
            if second.sharpness_radius is None
            else second.sharpness_radius
        ),
        steps_per_epoch=0,
        swa_from=0,
        swa_learning_rate=0.0,
        second_stage={},
    )
