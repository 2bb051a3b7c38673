"""The parquet source: a table of training images, with a table of test images or without."""

import dataclasses
import logging
import re
from pathlib import Path

import pyarrow as pa

from sau.core.errors import UserError
from sau.pipeline.dataset.settings import DatasetSettings
from sau.pipeline.dataset.split import split_test_off
from sau.sources import table_columns
from sau.sources.checks import by_class, check_label_range
from sau.sources.labels import (
    NamedLabels,
    labels_by_exact_name,
    names_for_indices,
    read_labels,
)
from sau.sources.naming import order_classes
from sau.sources.parquet_table import list_parquet
from sau.sources.record import Listing, Rows
from sau.sources.table_columns import Columns

log = logging.getLogger(__name__)

_NUMBER = re.compile(r"real/[0-9]+", re.ASCII)


class _Labels:
    """Turns label columns into labels: the training table's first, which says what classes are.

    Where both tables carry class names, as text or as a ClassLabel, classes are matched by them.
    """

    def __init__(self, settings: DatasetSettings) -> None:
        self._settings = settings
        self._stored: list[str] | None = None  # of the training table's ClassLabel, in its order
        self._found: list[str] = []  # the same or those of text, in label order; empty for indices
        self.class_names: list[str] = []

    def of_train(self, column: pa.ChunkedArray, schema: pa.Schema) -> Rows:
        """Return the labels of the training table, int64, and learn the class names from it."""
        given = self._settings.class_names
        where = f"dataset.train_file: {self._settings.train_file}"
        read = read_labels(column, schema, self._settings.label_column, where)
        if read.names is None:
            self.class_names = names_for_indices(read.labels, given, where)
            return read.labels
        is_text = table_columns.is_text(column.type)
        self._stored = None if is_text else read.names
        self._found, why = order_classes(read.names, given, where, natural=is_text)
        log.info("%s: %d classes; %s", where, len(self._found), why)
        self.class_names = list(given) or self._found
        return labels_by_exact_name(read, self._found, where)

    def of_test(self, column: pa.ChunkedArray, schema: pa.Schema) -> Rows:
        """Return the labels of the test table, int64, in the training table's classes."""
        where = f"dataset.test_file: {self._settings.test_file}"
        read = read_labels(column, schema, self._settings.label_column, where)
        if read.names is None and self._stored is not None:
            check_label_range(read.labels, len(self._stored), where)
            read = NamedLabels(read.labels, self._stored)
        if read.names is None and self._found:
            raise UserError(
                f"{where}: labels of type {column.type}, unlike those of dataset.train_file; "
                "expected class names in both, or indices in both"
            )
        if read.names is None:
            check_label_range(read.labels, len(self.class_names), where)
            return read.labels
        known = self._found or self._settings.class_names
        if not known:
            raise UserError(
                f"{where}: it carries class names, such as {read.names[0]!r}, unlike "
                "dataset.train_file, whose labels are bare indices; give dataset.class_names, or "
                "names in both"
            )
        return labels_by_exact_name(read, known, where)


def list_tables(settings: DatasetSettings) -> tuple[list[str], Listing, Listing]:
    """List the training table and the test table, or split test images off by the seed.

    Returns: class names in label order, training images, test images, by class and then row.

    Raises:
        UserError: see `sau.sources.parquet_table.list_parquet` and `sau.sources.labels`; or both
            files are the same.
    """
    columns = Columns(settings.image_column, settings.label_column, id=settings.id_column)
    labels = _Labels(settings)
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
    train, test = _with_distinct_numbers(train, test, train_stem, test_stem)
    return names, by_class(train), by_class(test)


def _with_distinct_numbers(
    train: Listing, test: Listing, train_stem: str, test_stem: str
) -> tuple[Listing, Listing]:
    """Put the table's name into ids where both tables count their rows: 0, 1, ... are no names."""
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
