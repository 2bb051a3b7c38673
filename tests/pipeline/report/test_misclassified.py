import dataclasses

import pandas as pd
import pytest

from sau.pipeline.report import leak_pairs, misclassified
from tests.pipeline.report.conftest import runs_in
from tests.pipeline.report.pages import run_report

pytestmark = pytest.mark.usefixtures("undrawn")


def run_saying(run, answers):
    """Return the run with other predictions: (id, label, predicted, confidence)."""
    rows = pd.DataFrame(answers, columns=misclassified.COLUMNS)
    return dataclasses.replace(run, predictions=rows.assign(selection="last", epoch=4))


def test_image_counts_where_most_runs_are_wrong(fake):
    first, second, third = runs_in(fake(seeds=(0, 1, 2)))[:3]
    runs = [
        run_saying(first, [("a", 0, 1, 0.9), ("b", 0, 1, 0.8), ("c", 1, 2, 0.6)]),
        run_saying(second, [("a", 0, 2, 0.9), ("b", 0, 0, 0.8), ("c", 1, 2, 0.8)]),
        run_saying(third, [("a", 0, 2, 0.5), ("b", 0, 0, 0.8), ("c", 1, 2, 1.0)]),
    ]

    found = misclassified.misclassified(runs)

    assert found[["id", "predicted"]].to_numpy().tolist() == [["a", 2], ["c", 2]]
    assert found["confidence"].round(6).tolist() == [0.7, 0.8]


def test_surest_errors_and_the_worst_class_come_first(fake):
    (run, *_) = runs_in(fake(seeds=(0,)))
    answers = [("a", 0, 1, 0.9), ("b", 1, 0, 0.5), ("c", 1, 0, 0.7), ("d", 1, 1, 1.0)]

    wrong = misclassified.misclassified([run_saying(run, answers)])
    sheet = misclassified.sheet(wrong, 5, "CE", {}, ["cat", "dog"])

    assert sheet is not None
    assert [row.name for row in sheet.rows] == ["dog (2)", "cat (1)"]
    assert [tile.text for tile in sheet.rows[0].tiles["wrong"]] == [
        "c: dog, taken for cat",
        "b: dog, taken for cat",
    ]
    assert misclassified.shown(wrong, 1)["id"].tolist() == ["c", "a"]


def test_row_that_is_always_right_has_no_sheet(fake):
    (run, *_) = runs_in(fake(seeds=(0,)))

    wrong = misclassified.misclassified([run_saying(run, [("a", 0, 0, 0.9)])])

    assert misclassified.sheet(wrong, 5, "CE", {}, ["cat"]) is None


def test_errors_are_those_of_the_best_row(fake):
    files = fake(test_images=60)

    assert {run.record.run for run in misclassified.best_row(runs_in(files))} == {"sau"}
    assert "more than half of the runs of SAU" in run_report(files)["html"]


def test_leaks_stand_beside_the_test_image(fake):
    files = fake()
    pair = {"synthetic": "synthetic-0-1", "test": "test-0-1", "closeness": 0.99}
    leak = {"measures": [{"name": "embedding", "pairs": [pair, pair]}, {"name": "perceptual hash"}]}

    pairs = leak_pairs.pairs_of(leak, 1)
    sheet = leak_pairs.sheet(pairs, {})

    assert sheet is not None
    (row,) = sheet.rows
    assert row.name == "cosine 0.990"
    assert [tiles[0].text for tiles in row.tiles.values()] == ["synthetic-0-1", "test-0-1"]
    assert leak_pairs.sheet([], {}) is None
    assert "Near test images" not in run_report(files)["html"]
