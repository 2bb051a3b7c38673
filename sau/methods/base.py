"""What a method is: which views it needs, its own heads, and the loss of a batch."""

import abc
import dataclasses

import numpy as np
import torch
from torch import Generator, Tensor, nn

from sau.data.batches import Batch
from sau.data.sets import TrainingData
from sau.device.ranks import ALONE, Ranks
from sau.networks import ClassifierKind, Network
from sau.settings.section import Section
from sau.views import ViewName, ViewOptions

Losses = dict[str, Tensor]
"""Parts of a loss, float32 () each; `total` is what is minimised."""


@dataclasses.dataclass(frozen=True)
class Task:
    """What a method is made for.

    `class_counts`: training images of each class in this stage, int64 (C,), on `device`;
    `feature_size`: F of the encoder; `embedding_size`: d of the projection head; `epochs`: of this
    stage; `device`: where all of it is.
    """

    class_counts: Tensor
    feature_size: int
    embedding_size: int
    epochs: int
    device: torch.device

    @property
    def classes(self) -> int:
        """C."""
        return len(self.class_counts)


@dataclasses.dataclass(frozen=True)
class Epoch:
    """The start of an epoch: `number` is 1 to the stage's epochs.

    `data` is what this stage trains on; `generator` a stream of the CPU for this epoch's start
    alone; `batch_size` how many images to embed at once; `ranks` the processes that share the work.
    """

    number: int
    network: Network
    data: TrainingData
    views: ViewOptions
    batch_size: int
    generator: Generator
    ranks: Ranks = ALONE


class Method(nn.Module, abc.ABC):
    """A way to train a network. A new one is a class in this folder and a line in `METHODS`.

    Parameters that a method has (heads that are not needed at test time) are trained with the
    network's, on the same settings, but for those that require no gradient; parameters and buffers
    are in every checkpoint.

    `loss` changes no state, as sharpness-aware minimisation calls it twice a step: what a method
    remembers, it stores in `after_step`.

    Attributes:
        views: the views of the batch that `loss` reads.
        second_views: those of a second, independently drawn batch; empty if there is none.
        needs_projection: whether the network has a projection head.
        classifier: what kind of classifier the network needs; None: any, linear if it may choose.
        classifier_scale: of a cosine classifier's logits.

    Args:
        options: the method's own options.
        task: what it is made for.
    """

    views: tuple[ViewName, ...] = ("v1",)
    second_views: tuple[ViewName, ...] = ()
    needs_projection: bool = False
    classifier: ClassifierKind | None = None
    classifier_scale: float = 1.0

    def __init__(self, options: Section, task: Task) -> None:
        super().__init__()
        self.task = task
        del options

    def check(self, data: TrainingData) -> None:
        """Refuse training data that the method can do nothing with; raises UserError."""

    def attach(self, network: Network) -> None:
        """Build what is made from the network's first weights, such as a copy of it.

        Called once, when the network is made and before a checkpoint is restored or an optimizer
        takes the method's parameters.
        """

    def second_class_weights(self) -> Tensor | None:
        """Return how often the second batch shows an image of each class, float (C,).

        Images are then drawn with replacement, with a probability proportional to their class's
        weight. None: a permutation, as for the first batch.
        """
        return None

    def start_epoch(self, epoch: Epoch) -> None:
        """Prepare an epoch."""

    def epoch_state(self) -> dict[str, Tensor]:
        """Return what the epoch under way has made of weights or batches, outside of buffers.

        A run that is stopped within an epoch saves it. When it goes on, it calls `start_epoch`,
        restores parameters and buffers, and hands this back to `load_epoch_state`.
        """
        return {}

    def load_epoch_state(self, state: dict[str, Tensor]) -> None:
        """Take back what `epoch_state` returned, now on the CPU."""
        del state

    @abc.abstractmethod
    def loss(
        self, batch: Batch, second: Batch | None, network: Network, generator: np.random.Generator
    ) -> Losses:
        """Return the losses of a batch; one of them is called `total`.

        Args:
            batch: with the views of `views`.
            second: with those of `second_views`, as large; None if that is empty.
            network: in train mode.
            generator: for draws that hold for a whole batch.
        """

    def after_step(self, network: Network) -> None:
        """Keep what the step's loss found, or change the weights that the step has set."""

    def end_epoch(self) -> Tensor | None:
        """Return what label correction found in the epoch, int64 (C, 2), on the device.

        First the synthetic samples of each class that were seen, then those that were noise; None
        for a method without label correction.
        """
        return None
