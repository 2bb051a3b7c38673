"""Labels of a training table and of a test table, in the same classes."""

import logging

import pyarrow as pa

from sau.core.errors import UserError
from sau.pipeline.dataset.settings import DatasetSettings
from sau.sources import table_columns
from sau.sources.checks import check_label_range
from sau.sources.labels import (
    NamedLabels,
    labels_by_exact_name,
    names_for_indices,
    read_labels,
)
from sau.sources.naming import order_classes
from sau.sources.record import Rows

log = logging.getLogger(__name__)


class TableLabels:
    """Turns label columns into labels: the training table's first, which says what classes are.

    Where both tables carry class names, as text or as a ClassLabel, classes are matched by them.

    Args:
        settings: which column, and the class names that are given.
        train: what to blame for the training table: its setting and its place.
        test: the same of the test table.
    """

    def __init__(self, settings: DatasetSettings, *, train: str, test: str) -> None:
        self._settings = settings
        self._train, self._test = train, test
        self._stored: list[str] | None = None  # of the training table's ClassLabel, in its order
        self._found: list[str] = []  # the same or those of text, in label order; empty for indices
        self.class_names: list[str] = []

    def of_train(self, column: pa.ChunkedArray, schema: pa.Schema) -> Rows:
        """Return the labels of the training table, int64, and learn the class names from it."""
        given = self._settings.class_names
        where = self._train
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
        where = self._test
        read = read_labels(column, schema, self._settings.label_column, where)
        if read.names is None and self._stored is not None:
            check_label_range(read.labels, len(self._stored), where)
            read = NamedLabels(read.labels, self._stored)
        if read.names is None and self._found:
            raise UserError(
                f"{where}: labels of type {column.type}, unlike those of the training "
                "images; expected class names in both, or indices in both"
            )
        if read.names is None:
            check_label_range(read.labels, len(self.class_names), where)
            return read.labels
        known = self._found or self._settings.class_names
        if not known:
            raise UserError(
                f"{where}: it carries class names, such as {read.names[0]!r}, unlike "
                "the training images, whose labels are bare indices; give dataset.class_names, or "
                "names in both"
            )
        return labels_by_exact_name(read, known, where)
