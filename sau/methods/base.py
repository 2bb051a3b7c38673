"""What a method is: which views it needs, its own heads, and the loss of a step."""

import abc
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar

from torch import Tensor, nn

from sau.core.errors import ArgumentError
from sau.methods.inputs import Epoch, MethodContext, Step
from sau.networks.classifier import ClassifierKind
from sau.networks.protocol import MethodNetwork
from sau.settings.section import Section
from sau.views import ViewName

__all__ = ["AnyMethod", "Epoch", "Losses", "Method", "MethodContext", "OptionError", "Step"]

Losses = dict[str, Tensor]
"""Parts of a loss, float32 () each; `total` is what is minimised."""

OptionsT = TypeVar("OptionsT", bound=Section)


class OptionError(ArgumentError):
    """An option that cannot be carried out on these images or this machine.

    The message begins with the option's name.
    """


class Method(nn.Module, abc.ABC, Generic[OptionsT]):
    """A way to train a network. A new one is a file in this folder and a line in the registry.

    Parameters that a method has (heads that are not needed at test time) are trained with the
    network's, on the same settings, but for those that require no gradient; parameters and buffers
    are in every checkpoint.

    `loss` changes no state, as sharpness-aware minimisation calls it twice a step: what a method
    remembers, it stores in `after_step`. A loop of one's own calls `attach` once, `start_epoch`
    before each epoch, `loss` and `after_step` in each step.

    Attributes:
        title: as it stands in tables.
        source: the paper; empty if there is none.
        Options: the class of the method's options.
        options: the method's options.
        context: what it is made for.
        views: the views of the batch that `loss` reads.
        second_views: those of a second, independently drawn batch; empty if there is none.
        needs_projection: whether the network has a projection head.
        classifier: what kind of classifier the network needs; None: any, linear if it may choose.
        classifier_scale: of a cosine classifier's logits.

    Args:
        options: the method's own options.
        context: what it is made for.

    Raises:
        OptionError: an option that these images or this machine cannot have.
    """

    title: ClassVar[str]
    source: ClassVar[str] = ""
    Options: ClassVar[type[Section]]

    views: tuple[ViewName, ...] = ("v1",)
    second_views: tuple[ViewName, ...] = ()
    needs_projection: bool = False
    classifier: ClassifierKind | None = None
    classifier_scale: float = 1.0

    def __init__(self, options: OptionsT, context: MethodContext) -> None:
        super().__init__()
        self.options = options
        self.context = context

    def attach(self, network: MethodNetwork) -> None:
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
    def loss(self, step: Step) -> Losses:
        """Return the losses of a step; one of them is called `total`."""

    def after_step(self, network: MethodNetwork) -> None:
        """Keep what the step's loss found, or change the weights that the step has set."""

    def end_epoch(self) -> Tensor | None:
        """Return what label correction found in the epoch, int64 (C, 4), on the device.

        The synthetic samples of each class that were seen, those that were noise, those whose label
        is truly wrong, and those that are both; the latter two count where the context knows the
        true labels. None for a method, or an epoch, without label correction.
        """
        return None


AnyMethod: TypeAlias = Method[Any]
"""A method, whatever its options are."""
