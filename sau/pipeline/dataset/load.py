"""Settings to class names and the images of both splits, whatever the source."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sau.core.errors import UserError
from sau.pipeline.dataset import cifar, digits, folders, hub, split_files, tables
from sau.pipeline.dataset.settings import DatasetSettings
from sau.pipeline.dataset.split import split_test_off
from sau.sources import cifake
from sau.sources.checks import by_class, counts_of, existing_folder, first_of_each_class
from sau.sources.class_match import labels_by_order, relabel
from sau.sources.class_names import is_categories, read_class_names
from sau.sources.name_checks import check_class_names, warn_of_alike
from sau.sources.naming import check_class_count
from sau.sources.record import Listing

_KEY = "dataset.folder"


def load(settings: DatasetSettings) -> tuple[list[str], Listing, Listing]:
    """List the real images; none is decoded yet.

    Returns: class names in label order, training images, test images; by class, within a class in
        the source's own order. No id is in both.

    Raises:
        UserError: what the reader of the source or of the names file says; a class without a
            training image; more images wanted of a class than it has; or an id in both splits.
    """
    settings = _with_names_of_file(settings)
    names, train, test = _list(settings)
    if settings.class_names:
        where = f"source {settings.source}"
        check_class_count(len(names), settings.class_names, where)
        labels = labels_by_order(names, settings.class_names, where)
        names = list(settings.class_names)
        train, test = relabel(train, labels), relabel(test, labels)
    check_class_names(names, f"source {settings.source}")
    warn_of_alike(names, f"source {settings.source}")
    train, test = by_class(train), by_class(test)
    _check_classes(train, names, settings)
    _check_apart(train, test, settings)
    key = "dataset.images_per_class"
    return names, first_of_each_class(train, settings.images_per_class, names, key), test


def _with_names_of_file(settings: DatasetSettings) -> DatasetSettings:
    """Return the settings with the names of their file in `class_names`.

    A list of categories is left to the source inaturalist2018, which knows each class's category.
    """
    file = Path(settings.class_names_file)
    by_category = settings.source == "inaturalist2018" and is_categories(file)
    if not settings.class_names_file or by_category:
        return settings
    return settings.replace(class_names=read_class_names(file), class_names_file="")


def _list(settings: DatasetSettings) -> tuple[list[str], Listing, Listing]:
    folder = Path(settings.folder)
    if settings.source == "digits":
        names = digits.CLASS_NAMES
        listing = digits.list_digits()
        return names, *split_test_off(listing, names, settings)
    if settings.source in ("cifar10", "cifar100"):
        if not settings.download:
            existing_folder(folder, _KEY)
        return cifar.list_cifar(settings.source, folder, download=settings.download)
    if settings.source == "cifake":
        existing_folder(folder, _KEY)
        train = cifake.list_cifake(folder, "train", "REAL", _KEY)
        return cifake.CLASS_NAMES, train, cifake.list_cifake(folder, "test", "REAL", _KEY)
    if settings.source == "image-folder":
        return folders.list_image_folder(settings)
    if settings.source in ("imagenet-lt", "inaturalist2018"):
        return split_files.list_split_files(settings)
    if settings.source == "hub-folder":
        return hub.list_hub_folder(settings)
    return tables.list_tables(settings)


def _check_classes(train: Listing, names: Sequence[str], settings: DatasetSettings) -> None:
    place = settings.folder or settings.train_file or settings.source
    if len(names) < 2:
        raise UserError(
            f"{place}: one class alone, {names[0]!r}; expected two at least, look whether the "
            "labels are what was meant"
        )
    empty = np.flatnonzero(counts_of(train, len(names)) == 0)
    if len(empty):
        raise UserError(
            f"{place}: class {names[int(empty[0])]!r} has no training image ({len(empty)} such "
            "classes); add images, or take the class out"
        )


def _check_apart(train: Listing, test: Listing, settings: DatasetSettings) -> None:
    both = set(train.ids) & set(test.ids)
    if both:
        place = settings.folder or settings.test_file
        is_table = settings.source in ("parquet", "hub-folder")
        hint = ", or set dataset.id_column to '' where it names no images" if is_table else ""
        raise UserError(
            f"{place}: id {min(both)!r} is in the training and the test images ({len(both)} such "
            f"ids); an image may be in one of them only{hint}"
        )
