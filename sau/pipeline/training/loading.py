"""Members and image manifests to training, test and validation data."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

from sau.core.errors import UserError
from sau.data.sets import LabelledImages, TestData, TrainingData, ValidationData
from sau.methods.names import DataName
from sau.pipeline.training.listed import Listed
from sau.pipeline.training.load_images import Decoding, load_images
from sau.pipeline.training.members import names_of, read_members
from sau.storage.manifest import read
from sau.storage.manifest.schemas import STATUS_OK

REAL_SIZE = "dataset.image_size"
SYNTHETIC_SIZE = "images.image_size"
HERE = Decoding()
"""All images as one tensor of the CPU."""

Kind = TypeVar("Kind", bound=LabelledImages)


def load_training(
    members: Sequence[Path],
    train_images: Sequence[Path],
    synthetic_images: Sequence[Path],
    classes: int,
    data: DataName,
    decoding: Decoding = HERE,
) -> TrainingData:
    """Load the members' images, and theirs alone.

    Args:
        members: manifests of members; their order is that of the data.
        train_images: manifests of the real images.
        synthetic_images: manifests of the synthetic ones; may be empty.
        classes: C, the number of classes.
        data: which members there must be (see `read_members`).
        decoding: when and where images are decoded; everything else is on its device too.

    Raises:
        UserError: a member without an image, a label outside 0 to C - 1, or members or images that
            `read_members` or `load_images` refuses.
    """
    table = read_members(members, data)
    labels = _labels(names_of(members), table, classes)
    ids: list[str] = table["id"].to_pylist()
    is_synthetic: list[bool] = table["is_synthetic"].to_pylist()
    kinds = (False, train_images, REAL_SIZE), (True, synthetic_images, SYNTHETIC_SIZE)
    lists: list[Listed] = []
    for kind, manifests, size_setting in kinds:
        places = [place for place, made in enumerate(is_synthetic) if made == kind]
        if places:
            lists.append(Listed([ids[i] for i in places], places, manifests, size_setting))
    images = load_images(lists, decoding)
    scores = torch.tensor(table["score"].fill_null(math.nan).to_numpy())
    made = torch.tensor(is_synthetic)
    loaded = TrainingData(ids, images, labels, made, scores, _true_labels(members, table, labels))
    return loaded.to(decoding.device)


def load_validation(
    validation: Path | None,
    train_images: Sequence[Path],
    classes: int,
    decoding: Decoding = HERE,
) -> ValidationData | None:
    """Load the real images that are held out of training; None if there are none.

    Args:
        validation: manifest of members, as the subset stage wrote it; None as well as no rows
            stands for no validation split.
        train_images: manifests of the real images, those that are held out among them.
        classes: C, the number of classes.
        decoding: when and where images are decoded.

    Raises:
        UserError: one without an image, a label outside 0 to C - 1, or what `load_images` refuses.
    """
    if validation is None:
        return None
    table = read(validation, "members")
    if table.num_rows == 0:
        return None
    return _labelled(ValidationData, str(validation), table, train_images, classes, decoding)


def load_test(test_images: Sequence[Path], classes: int, decoding: Decoding = HERE) -> TestData:
    """Load every test image whose status is ok.

    Raises:
        UserError: no such image, a label outside 0 to C - 1, or what `load_images` refuses.
    """
    table = read(test_images, "images", columns=["id", "label", "status"])
    table = table.filter(pc.equal(table["status"], STATUS_OK))
    if table.num_rows == 0:
        raise UserError(f"{test_images[0]}: no readable test image; run the dataset stage again")
    return _labelled(TestData, str(test_images[0]), table, test_images, classes, decoding)


def _labelled(
    kind: type[Kind],
    where: str,
    table: pa.Table,
    manifests: Sequence[Path],
    classes: int,
    decoding: Decoding,
) -> Kind:
    """Load the real images that the rows of a table, with columns id and label, name."""
    ids: list[str] = table["id"].to_pylist()
    labels = _labels(where, table, classes)
    images = load_images([Listed(ids, range(len(ids)), manifests, REAL_SIZE)], decoding)
    return kind(ids, images, labels).to(decoding.device)


def _true_labels(members: Sequence[Path], table: pa.Table, labels: Tensor) -> Tensor | None:
    """Return what the members truly show, int64 (N,), real ones their label; None if unknown.

    Raises:
        UserError: it is known of some synthetic members alone.
    """
    unknown = pc.and_(table["is_synthetic"], pc.is_null(table["true_label"]))
    lacking, synthetic = (
        pc.sum(column, min_count=0).as_py() for column in (unknown, table["is_synthetic"])
    )
    if lacking == synthetic:
        return None
    if lacking:
        raise UserError(
            f"{names_of(members)}: {lacking} of {synthetic} synthetic members have no true label; "
            "give all of them one, or none"
        )
    true = torch.tensor(table["true_label"].fill_null(-1).to_numpy(), dtype=torch.int64)
    return torch.where(true < 0, labels, true)


def _labels(where: str, table: pa.Table, classes: int) -> Tensor:
    """Return the labels as int64 (N,), or refuse the first that names no class."""
    labels = torch.tensor(table["label"].to_pylist(), dtype=torch.int64)
    wrong = ((labels < 0) | (labels >= classes)).nonzero()[:, 0].tolist()
    if wrong:
        name, label = table["id"][wrong[0]].as_py(), int(labels[wrong[0]])
        raise UserError(
            f"{where}: {name!r} has label {label}, but the data set has {classes} classes, "
            f"0 to {classes - 1}"
        )
    return labels
