"""Training and test images, and what is known of them."""

import dataclasses
from typing import Self

import torch
from torch import Tensor

from sau.data.images import Images


@dataclasses.dataclass(frozen=True)
class TrainingData:
    """What is trained on, in the members' order.

    `ids`: N strings; `images`: N of one size; `labels`: int64 (N,), 0 to C - 1; `is_synthetic`:
    bool (N,); `scores`: float32 (N,), not a number where there is none, as for real images.
    `true_labels`: int64 (N,), what the images truly show, which no training reads, to measure label
    correction by; None where nobody knows.
    """

    ids: list[str]
    images: Images
    labels: Tensor
    is_synthetic: Tensor
    scores: Tensor
    true_labels: Tensor | None = None

    def to(self, device: torch.device) -> "TrainingData":
        """Return the same data on `device`."""
        return TrainingData(
            self.ids,
            self.images.to(device),
            self.labels.to(device),
            self.is_synthetic.to(device),
            self.scores.to(device),
            None if self.true_labels is None else self.true_labels.to(device),
        )

    def real(self) -> "TrainingData":
        """Return the real images alone; the same object if there are no others."""
        if not self.is_synthetic.any():
            return self
        places = (~self.is_synthetic).nonzero()[:, 0]
        ids = [self.ids[place] for place in places.tolist()]
        return TrainingData(
            ids,
            self.images.subset(places),
            self.labels[places],
            self.is_synthetic[places],
            self.scores[places],
            None if self.true_labels is None else self.true_labels[places],
        )


@dataclasses.dataclass(frozen=True)
class LabelledImages:
    """Images that are classified, never trained on, in file order.

    `ids`: N strings; `images`: N of one size; `labels`: int64 (N,), 0 to C - 1.
    """

    ids: list[str]
    images: Images
    labels: Tensor

    def to(self, device: torch.device) -> Self:
        """Return the same data on `device`."""
        return type(self)(self.ids, self.images.to(device), self.labels.to(device))


class TestData(LabelledImages):
    """What results are measured on."""

    __test__ = False  # no class of tests, whatever pytest makes of its name


class ValidationData(LabelledImages):
    """Real images that are held out of training, to choose an epoch by."""
