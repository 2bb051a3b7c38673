"""The manifests that a run reads, and the images in them."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import torch

from sau.core.errors import UserError
from sau.data.sets import TestData, TrainingData, ValidationData
from sau.device.compiling import check_compiler
from sau.engine.build import RunData
from sau.engine.settings import TrainingSettings
from sau.pipeline.training.image_facts import read_facts
from sau.pipeline.training.load_images import Decoding
from sau.pipeline.training.loading import load_test, load_training, load_validation
from sau.pipeline.training.members import COPIED_FACTS
from sau.storage.belonging import Agree, Link, Split, check_inputs

BELONGING = (
    Split("train_images", "training"),
    Split("test_images", "test"),
    Split("synthetic_images", "synthetic"),
    Link("real", "train_images", "train_images"),
    Link("validation", "train_images", "train_images"),
    Link("complement", "real", "real"),
    Link("complement", "kept.scores.images", "synthetic_images"),
    Link("test_images", "train_images", "train_images"),
    Agree(COPIED_FACTS, ("real", "validation")),
    Agree(
        ("class_names",),
        ("train_images", "synthetic_images", "real", "complement", "validation"),
    ),
)
"""What a run's manifests must be to each other."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunInputs:
    """The manifests of a run; see `sau.pipeline.training.stage.training`.

    `train_images` and `test_images` hold one at least, `synthetic_images` may be empty, and
    `validation` None.
    """

    members: Sequence[Path]
    train_images: Sequence[Path]
    test_images: Sequence[Path]
    synthetic_images: Sequence[Path] = ()
    validation: Path | None = None

    def __post_init__(self) -> None:
        if not self.train_images or not self.test_images:
            raise UserError("--train-images and --test-images: give at least one manifest of each")

    def by_name(self) -> dict[str, Path | Sequence[Path]]:
        """Return the manifests as provenance lists them."""
        return {
            "members": list(self.members),
            "train_images": list(self.train_images),
            "test_images": list(self.test_images),
            "synthetic_images": list(self.synthetic_images),
            "validation": [self.validation] if self.validation else [],
        }

    def check(self) -> None:
        """Refuse manifests that do not belong together.

        Raises:
            UserError: two of them, such as test images of another data set.
        """
        lists = {"real": list(self.members[:1]), "complement": list(self.members[1:])}
        check_inputs(self.by_name() | lists, *BELONGING)


def load_data(
    inputs: RunInputs, settings: TrainingSettings, device: torch.device, folder: Path | None = None
) -> RunData:
    """Load all images of a run onto one device.

    Args:
        inputs: the manifests.
        settings: which members there must be, and when images are decoded.
        device: this process's, of the kind that the settings ask for.
        folder: where encoded images stay if they are decoded on demand; None for the system's
            folder of temporary files.

    Raises:
        UserError: nothing to compile with, or images that do not fit together.
    """
    if settings.compile != "off":
        check_compiler(device, settings.compile, "training")
    facts = read_facts(inputs.train_images[0])
    classes = len(facts.class_names)
    decoding = Decoding(settings.decode, settings.decode_workers, device, folder)
    train = load_training(
        inputs.members,
        inputs.train_images,
        inputs.synthetic_images,
        classes,
        settings.data_of_all_stages(),
        decoding,
    )
    test = load_test(inputs.test_images, classes, decoding)
    validation = load_validation(inputs.validation, inputs.train_images, classes, decoding)
    _refuse_other_sizes(train, test, validation)
    _refuse_trained_on(train, validation)
    return RunData(
        train=train,
        test=test,
        validation=validation,
        classes=classes,
        normalisation=facts.normalisation,
        class_names=facts.class_names,
    )


def _refuse_other_sizes(
    train: TrainingData, test: TestData, validation: ValidationData | None
) -> None:
    others = {"test": test.images} | ({"validation": validation.images} if validation else {})
    size = train.images.size
    for name, images in others.items():
        if images.size != size:
            raise UserError(
                f"training images are {size} and {name} images {images.size} "
                "(height, width in pixels); set dataset.image_size and images.image_size to one "
                "size"
            )


def _refuse_trained_on(train: TrainingData, validation: ValidationData | None) -> None:
    shared = set(train.ids) & set(validation.ids) if validation else set()
    if shared:
        raise UserError(
            f"--validation: {len(shared)} of its images are members of the training set, the first "
            f"is {min(shared)!r}; give both as one run of the subset stage wrote them"
        )
