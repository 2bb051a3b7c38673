import csv
import dataclasses
import io
import statistics

import pytest

from sau.pipeline.report.curves import curve_table
from sau.pipeline.report.figure_csv import confusion_csv, curves_csv, noise_csv
from sau.pipeline.report.formats import decimal
from sau.pipeline.report.noise import noise_counts
from sau.pipeline.report.text_tables import noise, shots_of
from tests.pipeline.report.conftest import runs_in
from tests.pipeline.report.pages import NOISE_HEADER

NAMES = ["cat", 'a,"b"', "ship"]


@pytest.fixture
def runs(fake):
    return runs_in(fake(class_names=NAMES, seeds=(0, 1, 2)))


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_curves_hold_every_name_and_equal_a_loop(runs):
    rows = rows_of(curves_csv(runs))

    names = ["learning_rate", "loss/total", "test/top1"]
    data = {"CE": "real", "CE*": "balanced", "SAU": "balanced"}
    keys = [(method, name, e) for method in data for name in names for e in range(1, 5)]
    assert [(row["method"], row["name"], int(row["epoch"])) for row in rows] == keys
    for row in rows:
        values = [
            found["value"]
            for run in runs
            if run.record.label == row["method"]
            for found in run.history.to_dict("records")
            if (found["name"], found["epoch"]) == (row["name"], int(row["epoch"]))
        ]
        assert len(values) == 3
        assert row["data"] == data[row["method"]]
        assert float(row["mean"]) == pytest.approx(statistics.mean(values), abs=1e-8)
        assert float(row["std"]) == pytest.approx(statistics.stdev(values), abs=1e-8)


def test_epochs_are_ordered_as_numbers(fake):
    rows = rows_of(curves_csv(runs_in(fake(epochs=11, seeds=(0,)))))

    assert [int(row["epoch"]) for row in rows[:11]] == list(range(1, 12))
    assert {row["std"] for row in rows} == {""}


def test_confusion_holds_every_pair_that_occurs_and_equals_a_loop(runs):
    rows = rows_of(confusion_csv(runs, NAMES))

    cells = [(method, t, p) for method in ("CE", "CE*", "SAU") for t in NAMES for p in NAMES]
    assert {row["selection"] for row in rows} == {"last"}
    slow = dict.fromkeys(cells, 0)
    for run in runs:
        for found in run.predictions.to_dict("records"):
            if found["selection"] == "last":
                true, predicted = NAMES[found["label"]], NAMES[found["predicted"]]
                slow[run.record.label, true, predicted] += 1
    found = [(row["method"], row["true_class"], row["predicted_class"]) for row in rows]
    counts = [int(row["count"]) for row in rows]
    occurring = {cell: count for cell, count in slow.items() if count}
    assert list(zip(found, counts, strict=True)) == list(occurring.items())
    assert len(occurring) < len(slow), "the case should have a pair without an image"
    assert sum(slow.values()) == 3 * 3 * 3 * 20


def test_noise_equals_a_loop(runs):
    rows = rows_of(noise_csv(runs, NAMES))

    keys = [("SAU", epoch, name) for epoch in range(1, 5) for name in NAMES]
    assert [(row["method"], int(row["epoch"]), row["class"]) for row in rows] == keys
    for row in rows:
        found = [
            record
            for run in runs
            for record in run.label_correction.to_dict("records")
            if (record["epoch"], NAMES[record["label"]]) == (int(row["epoch"]), row["class"])
        ]
        assert int(row["seeds"]) == len(found) == 3
        synthetic, called = (sum(r[key] for r in found) for key in ("synthetic", "noise"))
        assert (int(row["synthetic"]), int(row["noise"])) == (synthetic, called)
        assert row["share"] == (f"{called / synthetic:.6f}" if synthetic else "")


def test_csv_without_label_correction_is_its_header(fake):
    runs = runs_in(fake(methods=[("ce", "CE", "cross_entropy", "real")]))

    assert noise_csv(runs, NAMES) == NOISE_HEADER
    assert noise(noise_counts(runs), NAMES) is None


def test_judged_noise_has_precision_and_recall_with_intervals(fake):
    runs = runs_in(fake(judged=True))
    for row in rows_of(noise_csv(runs, NAMES)):
        counts = [int(row[name]) for name in ("synthetic", "noise", "wrong", "found")]
        assert 0 <= counts[3] <= min(counts[1:3])
        for name, of in (("precision", counts[1]), ("recall", counts[2])):
            assert row[name] == (f"{counts[3] / of:.6f}" if of else "")
            if of:
                low, value, high = (float(row[f"{name}{end}"]) for end in ("_low", "", "_high"))
                assert 0 <= low < value < high <= 1
    table = noise(noise_counts(runs), NAMES)
    headings = ["synthetic", "called noise", "share, %", "wrong", "precision, %", "recall, %"]
    assert table.groups == [("SAU", headings)]
    assert table.rows[0][-2:] == ["—", "—"]
    assert [row[0] for row in table.rows] == [*NAMES, "all classes"]
    last = noise_counts(runs).query("epoch == 4")[["synthetic", "noise", "wrong", "found"]].sum()
    assert table.rows[-1][5].startswith(f"{100 * last['found'] / last['noise']:.1f} (")
    assert table.rows[-1][4] == f"{last['wrong'] / 2:.2f}".rstrip("0").rstrip(".")


def test_class_without_rows_shows_dashes(runs):
    counts = noise_counts(runs)

    table = noise(counts[counts["label"] != 1], NAMES)

    assert table.groups == [("SAU", ["synthetic", "called noise", "share, %"])]
    assert table.rows[1] == ['a,"b"', "—", "—", "—"]


def test_name_with_commas_and_quotes_is_quoted(runs):
    assert ',"a,""b""",' in confusion_csv(runs, NAMES)
    assert ',"a,""b""",3,' in noise_csv(runs, NAMES)


def test_csv_is_the_same_text_twice_with_methods_in_their_order(runs):
    for make in (curves_csv, lambda r: confusion_csv(r, NAMES), lambda r: noise_csv(r, NAMES)):
        assert make(runs) == make(runs)
        methods = list(dict.fromkeys(row["method"] for row in rows_of(make(runs[::-1]))))
        assert methods == [m for m in ("SAU", "CE*", "CE") if m in methods]


def test_order_of_a_history_does_not_count(runs):
    mixed = [
        dataclasses.replace(run, history=run.history.sort_values("value", ignore_index=True))
        for run in runs
    ]

    assert not curve_table(mixed)["epoch"].equals(curve_table(runs)["epoch"])
    assert curves_csv(mixed) == curves_csv(runs)


def test_decimals_have_fixed_digits():
    assert [decimal(v, 3) for v in (1.0, 1e-9, -1e-9, 12.34567)] == [
        "1.000",
        "0.000",
        "0.000",
        "12.346",
    ]
    assert decimal(float("nan"), 3) == ""


def test_splits_follow_the_bounds_of_the_evaluation(fake):
    (run, *_) = runs_in(fake())

    real = run.metrics[run.metrics["split"] == "class"]["train_real"].tolist()
    assert real == [30, 9, 3]
    assert shots_of(run) == ["many", "medium", "few"]
