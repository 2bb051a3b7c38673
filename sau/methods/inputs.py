"""What a method is given: its context when it is made, an epoch's start, and a step."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from sau.data.batches import Batch
from sau.networks.protocol import MethodNetwork
from sau.views import ViewName

BatchSource = Callable[[Sequence[ViewName]], Iterable[Batch]]
"""Takes names of views, and returns batches of images in those views, each image once."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class MethodContext:
    """The training images of a stage, and the sizes of the network that it trains.

    Attributes:
        labels: of the N training images, int64 (N,), 0 to C - 1.
        classes: C.
        feature_size: F of the network's features.
        epochs: of this stage.
        embedding_size: d of the network's projection head; methods without one do not read it.
        is_synthetic: bool (N,); None: all images are real.
        scores: of the synthetic images, float (N,), not a number where there is none; None: no
            image has one.
        true_labels: what the images truly show, int64 (N,), to count by alone; None: unknown.
        class_counts: training images of each class, int64 (C,); made from the labels.
        real_counts: real training images of each class, int64 (C,); likewise.

    Raises:
        ValueError: tensors of other shapes, or a label beyond the classes.
    """

    labels: Tensor
    classes: int
    feature_size: int
    epochs: int
    embedding_size: int = 128
    is_synthetic: Tensor | None = None
    scores: Tensor | None = None
    true_labels: Tensor | None = None
    class_counts: Tensor = dataclasses.field(init=False)
    real_counts: Tensor = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        if self.labels.dim() != 1:
            raise ValueError(f"labels: expected shape (N,), got {tuple(self.labels.shape)}")
        for name in ("is_synthetic", "scores", "true_labels"):
            values: Tensor | None = getattr(self, name)
            if values is not None and values.shape != self.labels.shape:
                raise ValueError(
                    f"{name}: expected shape {tuple(self.labels.shape)} as of labels, got "
                    f"{tuple(values.shape)}"
                )
        real = self.labels if self.is_synthetic is None else self.labels[~self.is_synthetic]
        # Counted once, as counting waits for the device.
        for name, labels in (("class_counts", self.labels), ("real_counts", real)):
            object.__setattr__(self, name, torch.bincount(labels, minlength=self.classes))
        if len(self.class_counts) > self.classes:
            largest = len(self.class_counts) - 1
            raise ValueError(f"labels: up to {largest}, expected below classes, {self.classes}")

    @property
    def device(self) -> torch.device:
        """Where the labels are, and the method's own tensors."""
        return self.labels.device


@dataclasses.dataclass(frozen=True, kw_only=True)
class Epoch:
    """The start of an epoch.

    Attributes:
        number: 1 to the phase's epochs.
        network: what is trained; a method may look at it in eval mode.
        real_batches: gives the real training images, without augmentation other than the views
            asked for; None is enough for methods that do not look at them.
        all_batches: likewise gives all training images, in their order.
    """

    number: int
    network: MethodNetwork
    real_batches: BatchSource | None = None
    all_batches: BatchSource | None = None

    def real(self, names: Sequence[ViewName]) -> Iterable[Batch]:
        """Return the real images in the views of those names; ValueError if nothing gives them."""
        if self.real_batches is None:
            raise ValueError("real_batches: None, but this method embeds the real images")
        return self.real_batches(names)

    def all(self, names: Sequence[ViewName]) -> Iterable[Batch]:
        """Return all images in the views of those names; ValueError if nothing gives them."""
        if self.all_batches is None:
            raise ValueError("all_batches: None, but this method classifies all images")
        return self.all_batches(names)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """What one step's loss is computed from.

    Attributes:
        batch: with the views that the method names in `views`.
        second: as large, with those of `second_views`; None if that is empty.
        network: in train mode.
        generator: for draws that hold for a whole batch, such as the ratio of a mixture.
    """

    batch: Batch
    second: Batch | None = None
    network: MethodNetwork
    generator: np.random.Generator

    @property
    def pair(self) -> tuple[Batch, Batch]:
        """Both batches.

        Raises:
            ValueError: there is no second one.
        """
        if self.second is None:
            raise ValueError("second: None, but this method mixes two batches")
        return self.batch, self.second
