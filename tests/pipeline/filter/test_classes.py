import logging

import numpy as np
import pyarrow as pa
import pytest

from sau.core.errors import UserError
from sau.pipeline.filter.classes import check_classes, count_classes
from sau.pipeline.filter.settings import FilterSettings

NAMES = ["ant", "bee", "cat", "dog"]


def counts_of(all_, readable, kept, **rejected):
    """Counts of each class; each rule's column rejects so many of each class's readable images."""
    labels = [np.repeat(np.arange(len(n)), n) for n in (all_, readable, kept)]
    columns = {}
    for rule, numbers in rejected.items():
        words = [
            "why" if place < number else None
            for number, count in zip(numbers, readable, strict=True)
            for place in range(count)
        ]
        columns[rule] = pa.array(words, pa.string())
    return count_classes(labels[0], labels[1], columns, labels[2], NAMES[: len(all_)])


def check(counts, caplog, **settings):
    with caplog.at_level(logging.WARNING):
        check_classes(counts, FilterSettings(**settings))
    return [record.getMessage() for record in caplog.records]


def test_small_share_is_warned_of_with_name_counts_and_the_hardest_rule(caplog):
    counts = counts_of(
        [10, 10, 4], [10, 8, 4], [5, 2, 1], blank=[0, 2, 0], zero_shot=[5, 6, 3], leak=[0, 0, 0]
    )
    (words,) = check(counts, caplog, warn_share=0.5)
    assert words == (
        "classes of which less than 50 % is kept (filter.warn_share), 2: "
        "bee: 2 of 10 kept, 2 failed, 6 rejected by zero_shot above all; "
        "cat: 1 of 4 kept, 3 rejected by zero_shot"
    )


def test_share_of_zero_warns_of_nothing(caplog):
    assert check(counts_of([10], [10], [1], threshold=[9]), caplog, warn_share=0) == []


def test_class_that_the_rules_empty_is_refused_or_warned_of(caplog):
    counts = counts_of([3, 2], [2, 2], [0, 2], blank=[1, 0], threshold=[2, 0])
    words = "classes without a kept image, 1: ant: 0 of 3 kept, 1 failed, 2 rejected by threshold"
    with pytest.raises(UserError, match=f"filter: {words}"):
        check_classes(counts, FilterSettings())
    assert check(counts, caplog, on_empty_class="warn") == [f"{words} above all"]


def test_class_without_a_readable_image_is_not_the_rules_doing(caplog):
    counts = counts_of([0, 2, 3], [0, 0, 3], [0, 0, 3], blank=[0, 0, 0])
    assert check(counts, caplog) == [
        "classes without a synthetic image, 1: ant",
        "classes without a readable synthetic image, 1: bee",
    ]


def test_classes_beyond_five_are_counted_and_not_named(caplog, monkeypatch):
    monkeypatch.setitem(globals(), "NAMES", [f"c{label}" for label in range(8)])
    counts = counts_of([4] * 8, [4] * 8, [1] * 8, margin=[3] * 8)
    (words,) = check(counts, caplog)
    assert words.startswith("classes of which less than 50 % is kept (filter.warn_share), 8: c0: ")
    assert "c4: 1 of 4 kept, 3 rejected by margin; and 3 more" in words
    assert "c5" not in words
