"""The imagenet-lt and inaturalist2018 sources: an image root, and split files that list it."""

from pathlib import Path

import numpy as np

from sau.core.errors import UserError
from sau.pipeline.dataset.folder_names import (
    imagenet_names,
    inaturalist_names,
    names_by_category,
    own_names,
)
from sau.pipeline.dataset.settings import DatasetSettings
from sau.sources.checks import existing_folder
from sau.sources.class_names import read_categories
from sau.sources.naming import check_class_count
from sau.sources.record import Listing
from sau.sources.split_file import SplitFile, list_split, read_split_file


def list_split_files(settings: DatasetSettings) -> tuple[list[str], Listing, Listing]:
    """List the images of `train_file` and of `test_file`; ids are `real/` and their paths.

    Source: ImageNet-LT and its form of split files, Liu et al., Large-Scale Long-Tailed Recognition
    in an Open World (CVPR 2019); iNaturalist 2018, Van Horn et al. (CVPR 2018).

    Returns: class names in label order, training images, test images, in the order of the lines.

    Raises:
        UserError: no such folder or file; see `sau.sources.split_file`, `number_of_classes`,
            `check_test_split` and `sau.pipeline.dataset.folder_names`.
    """
    folder = existing_folder(Path(settings.folder), "dataset.folder")
    train = read_split_file(Path(settings.train_file), "dataset.train_file")
    test = read_split_file(Path(settings.test_file), "dataset.test_file")
    classes = number_of_classes(train)
    check_test_split(test, train, classes)
    check_class_count(classes, settings.class_names, train.source)
    listings = list_split(train, folder), list_split(test, folder)
    return _names(train, settings), *listings


def number_of_classes(train: SplitFile) -> int:
    """Return how many classes a training split has.

    Raises:
        UserError: a class between 0 and the largest label has no image.
    """
    found = np.unique(train.labels)
    if found[-1] + 1 == len(found):
        return len(found)
    missing = int(np.flatnonzero(found != np.arange(len(found)))[0])
    last = int(train.labels.argmax())
    raise UserError(
        f"{train.line(last)}: label {found[-1]}, but class {missing} has no training image "
        f"({found[-1] + 1 - len(found)} such classes); number the classes from 0 without gaps"
    )


def check_test_split(test: SplitFile, train: SplitFile, classes: int) -> None:
    """Refuse a test split with a label that is not trained on, or an image that is."""
    unknown = np.flatnonzero(test.labels >= classes)
    if len(unknown):
        first = int(unknown[0])
        raise UserError(
            f"{test.line(first)}: label {test.labels[first]}, but the training images are of "
            f"classes 0 to {classes - 1} ({len(unknown)} such lines); fix the split files"
        )
    lines = {name: index for index, name in enumerate(train.names)}
    shared = [index for index, name in enumerate(test.names) if name in lines]
    if shared:
        name = test.names[shared[0]]
        raise UserError(
            f"{test.line(shared[0])}: {name!r} is a training image too ({train.source}, line "
            f"{lines[name] + 1}; {len(shared)} such lines); an image may be in one split only"
        )


def _names(train: SplitFile, settings: DatasetSettings) -> list[str]:
    """Return the source's own names of the classes; the given ones where it has none."""
    if settings.class_names:
        return own_names(train, settings.class_names) or list(settings.class_names)
    if settings.class_names_file:
        return names_by_category(train, read_categories(Path(settings.class_names_file)))
    return imagenet_names(train) if settings.source == "imagenet-lt" else inaturalist_names(train)
