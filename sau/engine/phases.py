"""The stages of a run's training: one for most methods, two where a second one follows."""

import dataclasses

import torch
from torch import nn

from sau.data.batches import count_batches
from sau.data.sets import TrainingData
from sau.engine.muon import Muon
from sau.engine.parallel import LossFunction, own_loss
from sau.engine.schedule import learning_rate
from sau.engine.settings import TrainingSettings
from sau.methods.base import AnyMethod
from sau.networks import Network


@dataclasses.dataclass(frozen=True)
class Phase:
    """What one stage minimises, on what, and from which epoch of the run on.

    `settings` are the stage's own: epochs, learning rate and weight decay of its optimizer.
    `loss_of` is another function where several processes share the batches.
    """

    method: AnyMethod
    data: TrainingData
    optimizer: torch.optim.SGD
    settings: TrainingSettings
    first_epoch: int
    frozen_encoder: bool = False
    loss_of: LossFunction = own_loss

    def number_of(self, epoch: int) -> int:
        """Return the number within the stage, from 1, of the run's `epoch`."""
        return epoch - self.first_epoch + 1

    def prepare(self, network: Network, epoch: int) -> None:
        """Set the rate of the run's `epoch`, and what learns in it."""
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.settings, self.number_of(epoch))
        # What is frozen keeps its BatchNorm statistics as well.
        network.train(not self.frozen_encoder).requires_grad_(not self.frozen_encoder)
        network.classifier.train().requires_grad_()
        self.method.train()

    def steps_of_an_epoch(self) -> int:
        """Return how many batches an epoch of the stage has."""
        return count_batches(len(self.data.ids), self.settings.batch_size)

    @property
    def rate(self) -> float:
        """The learning rate that is set."""
        return float(self.optimizer.param_groups[0]["lr"])


def make_optimizer(
    network: Network, method: AnyMethod, settings: TrainingSettings, frozen_encoder: bool = False
) -> torch.optim.SGD:
    """Return SGD with momentum, and with weight decay on every parameter; or Muon.

    It holds the network's parameters, or its classifier's alone, then the method's own. Muon's
    hidden weights are those of encoder and projection head, but for the encoder's first layer.
    """
    module = network.classifier if frozen_encoder else network
    parameters = [*module.parameters(), *method.parameters()]
    if settings.optimizer == "muon":
        return Muon(
            parameters,
            [] if frozen_encoder else hidden_weights(network),
            settings.learning_rate,
            ratio=settings.muon_learning_rate / settings.learning_rate,
            hidden_decay=settings.muon_weight_decay,
            momentum=settings.momentum,
            weight_decay=settings.weight_decay,
            nesterov=settings.nesterov,
        )
    return torch.optim.SGD(
        parameters,
        settings.learning_rate,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
        nesterov=settings.nesterov,
        fused=True,
    )


def hidden_weights(network: Network) -> list[nn.Parameter]:
    """Return the matrices and kernels between a network's first layer and its classifier."""
    parts = [network.encoder, *([network.projection] if network.projection is not None else [])]
    weights = [p for part in parts for p in part.parameters() if p.ndim > 1]
    return weights[1:]


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
        swa_from=0,
        swa_learning_rate=0.0,
        second_stage={},
    )
