"""Training and test images, and what is known of them."""

import dataclasses

import torch
from torch import Tensor

from sau.data.images import Images


@dataclasses.dataclass(frozen=True)
class TrainingData:
    """What is trained on, in the members' order.

    `ids`: N strings; `images`: N of one size; `labels`: int64 (N,), 0 to C - 1; `is_synthetic`:
    bool (N,); `scores`: float32 (N,), not a number where there is none, as for real images.
    """

    ids: list[str]
    images: Images
    labels: Tensor
    is_synthetic: Tensor
    scores: Tensor

    def to(self, device: torch.device) -> "TrainingData":
        """Return the same data on `device`."""
        tensors = (self.labels, self.is_synthetic, self.scores)
        return TrainingData(self.ids, self.images.to(device), *(t.to(device) for t in tensors))

    def real(self) -> "TrainingData":
        """Return the real images alone; the same object if there are no others."""
        if not self.is_synthetic.any():
            return self
        places = (~self.is_synthetic).nonzero()[:, 0]
        ids = [self.ids[place] for place in places.tolist()]
        tensors = (self.labels[places], self.is_synthetic[places], self.scores[places])
        return TrainingData(ids, self.images.subset(places), *tensors)


@dataclasses.dataclass(frozen=True)
class TestData:
    """What is tested or validated on, in file order.

    `ids`: N strings; `images`: N of one size; `labels`: int64 (N,), 0 to C - 1.
    """

    __test__ = False  # no class of tests, whatever pytest makes of its name

    ids: list[str]
    images: Images
    labels: Tensor

    def to(self, device: torch.device) -> "TestData":
        """Return the same data on `device`."""
        return TestData(self.ids, self.images.to(device), self.labels.to(device))
