"""The parquet source: a table of training images, with a table of test images or without."""

import logging
from pathlib import Path

import pyarrow as pa

from sau.core.errors import UserError
from sau.pipeline.dataset.settings import DatasetSettings
from sau.pipeline.dataset.split import split_off_test
from sau.sources.checks import by_class, check_label_range
from sau.sources.labels import (
    distinct_names,
    is_text,
    labels_from_indices,
    labels_from_names,
    names_for_indices,
)
from sau.sources.naming import exact_label, order_classes
from sau.sources.parquet_table import Columns, list_parquet
from sau.sources.record import Listing, Rows

log = logging.getLogger(__name__)


class _Labels:
    """Turns label columns into labels: the training table's first, which says what classes are."""

    def __init__(self, settings: DatasetSettings) -> None:
        self._settings = settings
        self._found: list[str] = []  # in label order, as the table names them; empty for indices
        self.class_names: list[str] = []

    def of_train(self, column: pa.ChunkedArray, schema: pa.Schema) -> Rows:
        """Return the labels of the training table, int64, and learn the class names from it."""
        given = self._settings.class_names
        where = f"dataset.train_file: {self._settings.train_file}"
        if is_text(column):
            self._found, why = order_classes(distinct_names(column, where), given, where)
            log.info("%s: %d classes; %s", where, len(self._found), why)
            self.class_names = list(given) or self._found
            return labels_from_names(column, self._found, where, exact_label)
        labels = labels_from_indices(column, where)
        name = self._settings.label_column
        self.class_names = names_for_indices(labels, schema, name, given, where)
        return labels

    def of_test(self, column: pa.ChunkedArray, _: pa.Schema) -> Rows:
        """Return the labels of the test table, int64, in the training table's classes."""
        where = f"dataset.test_file: {self._settings.test_file}"
        if is_text(column) != bool(self._found):
            raise UserError(
                f"{where}: labels of type {column.type}, unlike those of dataset.train_file; "
                "expected class names in both, or indices in both"
            )
        if self._found:
            return labels_from_names(column, self._found, where, exact_label)
        labels = labels_from_indices(column, where)
        check_label_range(labels, len(self.class_names), where)
        return labels


def list_tables(settings: DatasetSettings) -> tuple[list[str], Listing, Listing]:
    """List the training table and the test table, or split test images off by the seed.

    Returns: class names in label order, training images, test images, by class and then row.

    Raises:
        UserError: see `sau.sources.parquet_table.list_parquet` and `sau.sources.labels`; or both
            files are the same.
    """
    columns = Columns(settings.image_column, settings.label_column)
    labels = _Labels(settings)
    file, test_file = Path(settings.train_file), Path(settings.test_file)
    train_stem, test_stem = _stems(file, test_file)
    train = list_parquet(
        *(file, columns),
        prefix="real",
        stem=train_stem,
        labels_of=labels.of_train,
        key="dataset.train_file",
    )
    names = labels.class_names
    if not settings.test_file:
        return names, *split_off_test(
            by_class(train), settings.test_per_class, names, settings.seed
        )
    if test_file.resolve() == file.resolve():
        raise UserError(
            f"dataset.test_file: {test_file}: is dataset.train_file too; name another table, "
            "or leave it empty to split test images off"
        )
    test = list_parquet(
        *(test_file, columns),
        prefix="real",
        stem=test_stem,
        labels_of=labels.of_test,
        key="dataset.test_file",
    )
    return names, by_class(train), by_class(test)


def _stems(train: Path, test: Path) -> tuple[str, str]:
    """Return what ids call the two tables: the stem, with its folder where the stems are equal."""
    if train.stem != test.stem:
        return train.stem, test.stem
    return f"{train.parent.name}/{train.stem}", f"{test.parent.name}/{test.stem}"
