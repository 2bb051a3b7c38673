"""Training and test images, and what is known of them."""

import dataclasses
from pathlib import Path

import torch
from torch import Tensor

from sau.errors import UserError
from sau.manifest import read_metadata
from sau.training.images import Images
from sau.training.views import Normalisation


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


@dataclasses.dataclass(frozen=True)
class ImageFacts:
    """What the dataset stage says of its training images."""

    class_names: list[str]
    normalisation: Normalisation


def read_facts(train_images: Path) -> ImageFacts:
    """Read class names, mean and standard deviation from a manifest's provenance.

    Raises:
        UserError: one of them is missing, or a standard deviation is not above 0.
    """
    facts = read_metadata(train_images)["provenance"]
    missing = [key for key in ("class_names", "mean", "std") if key not in facts]
    if missing:
        raise UserError(
            f"{train_images}: its provenance lacks {', '.join(missing)}; "
            "training needs the manifest of the dataset stage: run that stage again"
        )
    if min(facts["std"]) <= 0:
        raise UserError(
            f"{train_images}: standard deviation {facts['std']}, expected three numbers above 0; "
            "a colour channel that never changes cannot be normalised"
        )
    normalisation = Normalisation(tuple(facts["mean"]), tuple(facts["std"]))
    return ImageFacts(list(facts["class_names"]), normalisation)
