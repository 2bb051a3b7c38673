"""The hub-folder source: a data set as `datasets` and the Hub store it, with its splits."""

import logging
from pathlib import Path

from sau.core.errors import UserError
from sau.pipeline.dataset.settings import DatasetSettings
from sau.pipeline.dataset.split import split_test_off
from sau.pipeline.dataset.table_labels import TableLabels
from sau.pipeline.dataset.tables import with_distinct_numbers
from sau.sources.checks import by_class
from sau.sources.hub import choose_split, list_split, open_split, splits_of
from sau.sources.record import Listing
from sau.sources.table_columns import Columns

log = logging.getLogger(__name__)

_KEY = "dataset.folder"

_TESTS = ("test", "validation")
"""Splits that are tested on; the first that is there is taken."""


def list_hub_folder(settings: DatasetSettings) -> tuple[list[str], Listing, Listing]:
    """List the training split and the test split, or split test images off by the seed.

    Returns: class names in label order, training images, test images, by class and then row.

    Raises:
        UserError: see `sau.sources.hub` and `sau.sources.labels`; or one split for both.
    """
    folder = Path(settings.folder)
    splits = splits_of(folder, _KEY)
    name, files = choose_split(splits, settings.train_part, folder, "dataset.train_part")
    test = settings.test_part or next((t for t in _TESTS if t in splits and t != name), "")
    if test == name:
        raise UserError(
            f"dataset.test_part: {test!r} is the split of the training images too; name another "
            "one, or leave it empty"
        )
    columns = Columns(settings.image_column, settings.label_column, id=settings.id_column)
    at = {split: f"{_KEY}: {folder}, split {split!r}" for split in splits}
    labels = TableLabels(settings, train=at[name], test=at.get(test, ""))
    train_split = open_split(folder, name, files, columns, _KEY)
    train = by_class(list_split(train_split, labels.of_train, "real"))
    names = labels.class_names
    if not test:
        return names, *split_test_off(train, names, settings)
    _, test_files = choose_split(splits, test, folder, "dataset.test_part")
    settings.refuse_folds(at[test])
    log.info("test images are those of split %r", test)
    test_split = open_split(folder, test, test_files, columns, _KEY)
    tested = by_class(list_split(test_split, labels.of_test, "real"))
    return names, *with_distinct_numbers(train, tested, name, test)
