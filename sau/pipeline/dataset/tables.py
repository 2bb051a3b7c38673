"""The parquet source: a table of training images, with a table of test images or without."""

import dataclasses
import logging
import re
from pathlib import Path

from sau.core.errors import UserError
from sau.pipeline.dataset.settings import DatasetSettings
from sau.pipeline.dataset.split import split_test_off
from sau.pipeline.dataset.table_labels import TableLabels
from sau.sources.checks import by_class
from sau.sources.parquet_table import list_parquet
from sau.sources.record import Listing
from sau.sources.table_columns import Columns

log = logging.getLogger(__name__)

_NUMBER = re.compile(r"real/[0-9]+", re.ASCII)


def list_tables(settings: DatasetSettings) -> tuple[list[str], Listing, Listing]:
    """List the training table and the test table, or split test images off by the seed.

    Returns: class names in label order, training images, test images, by class and then row.

    Raises:
        UserError: see `sau.sources.parquet_table.list_parquet` and `sau.sources.labels`; or both
            files are the same.
    """
    columns = Columns(settings.image_column, settings.label_column, id=settings.id_column)
    labels = TableLabels(
        settings,
        train=f"dataset.train_file: {settings.train_file}",
        test=f"dataset.test_file: {settings.test_file}",
    )
    file, test_file = Path(settings.train_file), Path(settings.test_file)
    train_stem, test_stem = _stems(file, test_file)
    train = list_parquet(
        file,
        columns,
        prefix="real",
        stem=train_stem,
        labels_of=labels.of_train,
        key="dataset.train_file",
    )
    names = labels.class_names
    if not settings.test_file:
        return names, *split_test_off(by_class(train), names, settings)
    settings.refuse_folds(f"dataset.test_file {test_file}")
    if test_file.resolve() == file.resolve():
        raise UserError(
            f"dataset.test_file: {test_file}: is dataset.train_file too; name another table, "
            "or leave it empty to split test images off"
        )
    test = list_parquet(
        test_file,
        columns,
        prefix="real",
        stem=test_stem,
        labels_of=labels.of_test,
        key="dataset.test_file",
    )
    train, test = with_distinct_numbers(train, test, train_stem, test_stem)
    return names, by_class(train), by_class(test)


def with_distinct_numbers(
    train: Listing, test: Listing, train_stem: str, test_stem: str
) -> tuple[Listing, Listing]:
    """Put the table's name into ids where both tables count their rows: 0, 1, ... are no names.

    Args:
        train: training images.
        test: test images.
        train_stem: what ids call the training images.
        test_stem: what they call the test images.
    """
    ids = [*train.ids, *test.ids]
    if len(set(ids)) == len(ids) or not all(map(_NUMBER.fullmatch, ids)):
        return train, test
    log.info("ids are numbers that stand in both tables, so each begins with its table's name")
    return _behind(train, train_stem), _behind(test, test_stem)


def _behind(listing: Listing, stem: str) -> Listing:
    return dataclasses.replace(
        listing, ids=[f"real/{stem}/{name.removeprefix('real/')}" for name in listing.ids]
    )


def _stems(train: Path, test: Path) -> tuple[str, str]:
    """Return what ids call the two tables: the stem, with its folder where the stems are equal."""
    if train.stem != test.stem:
        return train.stem, test.stem
    return f"{train.parent.name}/{train.stem}", f"{test.parent.name}/{test.stem}"
