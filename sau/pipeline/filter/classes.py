"""What the filter leaves of each class, and the warnings about it."""

import dataclasses
import logging
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from sau.core.errors import UserError
from sau.pipeline.filter.reasons import rejected_by
from sau.pipeline.filter.rules import Columns
from sau.pipeline.filter.settings import FilterSettings

logger = logging.getLogger("sau.pipeline.filter")

Integers = npt.NDArray[np.int64]

NAMED = 5
"""So many classes are named in a message; the rest are counted."""


@dataclasses.dataclass(frozen=True)
class ClassCounts:
    """Images of each class, (C,) each: all, the readable ones, the kept ones; rejected by rule."""

    names: list[str]
    all: Integers
    readable: Integers
    kept: Integers
    rejected: dict[str, Integers]

    def words(self, label: int) -> str:
        """Say how many images of a class are kept, and which rule rejects most of the others."""
        said = f"{self.names[label]}: {self.kept[label]} of {self.all[label]} kept"
        failed = self.all[label] - self.readable[label]
        if failed:
            said += f", {failed} failed"
        rule = max(self.rejected, key=lambda name: self.rejected[name][label], default=None)
        if rule is not None and self.rejected[rule][label]:
            said += f", {self.rejected[rule][label]} rejected by {rule}"
            said += " above all" if self._rules(label) > 1 else ""
        return said

    def _rules(self, label: int) -> int:
        return sum(bool(counts[label]) for counts in self.rejected.values())


def count_classes(
    labels: Integers, readable: Integers, columns: Columns, kept: Integers, names: list[str]
) -> ClassCounts:
    """Count the images of each class.

    Args:
        labels: class of every image.
        readable: class of every readable image, (N,).
        columns: reasons of each rule, (N,) each.
        kept: class of every kept image.
        names: of the classes, in label order.
    """

    def count(found: Integers) -> Integers:
        return np.bincount(found, minlength=len(names))

    rejected = {name: count(readable[rejected_by(column)]) for name, column in columns.items()}
    return ClassCounts(names, count(labels), count(readable), count(kept), rejected)


def check_classes(counts: ClassCounts, settings: FilterSettings) -> None:
    """Warn of classes of which little is kept, and refuse one that the rules have emptied.

    A class that has no readable image is not the rules' doing: it is a warning.

    Raises:
        UserError: a class with readable images of which none is kept, unless `on_empty_class` is
            warn.
    """
    for what, empty in (
        ("without a synthetic image", counts.all == 0),
        ("without a readable synthetic image", (counts.all > 0) & (counts.readable == 0)),
    ):
        labels = np.flatnonzero(empty)
        if len(labels):
            named = _named(labels, lambda label: counts.names[label])
            logger.warning("classes %s, %d: %s", what, len(labels), named)
    emptied = np.flatnonzero((counts.readable > 0) & (counts.kept == 0))
    if len(emptied):
        _tell_emptied(emptied, counts, settings)
    share = counts.kept / np.maximum(counts.all, 1)
    small = np.flatnonzero((counts.kept > 0) & (share < settings.warn_share))
    if len(small):
        logger.warning(
            "classes of which less than %g %% is kept (filter.warn_share), %d: %s",
            100 * settings.warn_share,
            len(small),
            _named(small, counts.words),
        )


def _tell_emptied(labels: Integers, counts: ClassCounts, settings: FilterSettings) -> None:
    problem = f"classes without a kept image, {len(labels)}: {_named(labels, counts.words)}"
    if settings.on_empty_class == "refuse":
        raise UserError(
            f"filter: {problem}; loosen that rule, or set filter.on_empty_class to warn"
        )
    logger.warning("%s", problem)


def _named(labels: Integers, words: Callable[[int], str]) -> str:
    found = [words(label) for label in labels[:NAMED].tolist()]
    if len(labels) > NAMED:
        found.append(f"and {len(labels) - NAMED} more")
    return "; ".join(found)
