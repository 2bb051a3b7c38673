import numpy as np
import pandas as pd
import pytest

from sau.report.confusion import confusion_matrices
from sau.report.curves import curve_table, curves
from sau.report.figures import styles, svg_of
from sau.report.noise import noise, noise_counts, noise_shares
from sau.report.per_class import per_class
from tests.report.conftest import runs_in


@pytest.fixture
def runs(fake):
    return runs_in(fake())


def test_confusion_equals_a_loop(runs):
    found = confusion_matrices(runs, 3)

    assert list(found) == ["CE", "CE*", "SAU"]
    slow = np.zeros((3, 3))
    for run in runs:
        for row in run.predictions.to_dict("records"):
            if run.facts["label"] == "SAU" and row["selection"] == "last":
                slow[row["label"], row["predicted"]] += 1
    np.testing.assert_allclose(found["SAU"], slow / slow.sum(axis=1, keepdims=True))


def test_noise_shares_equal_a_loop(runs):
    found = noise_shares(noise_counts(runs), 3)

    assert list(found) == ["SAU"]
    assert np.isnan(found["SAU"][0]).all()  # the largest class needs no synthetic image
    for label in (1, 2):
        for epoch in range(1, 5):
            rows = [
                row
                for run in runs
                for row in run.label_correction.to_dict("records")
                if row["label"] == label and row["epoch"] == epoch
            ]
            share = sum(r["noise"] for r in rows) / sum(r["synthetic"] for r in rows)
            assert found["SAU"][label, epoch - 1] == pytest.approx(share)


def test_no_label_correction_means_no_figure():
    assert noise({}, ["cat"]) == ""


def test_histories_without_the_quantities_mean_no_figure(runs):
    table = curve_table(runs)

    assert curves(table[table["name"] == "nothing"], styles(["CE"])) == ""


def test_a_figure_takes_the_ink_of_the_page_and_links_nowhere(runs):
    svg = curves(curve_table(runs), styles(["CE", "CE*", "SAU"]))

    assert svg.startswith("<svg role=")
    assert "currentColor" in svg
    assert "://" not in svg
    assert "#010203" not in svg


@pytest.mark.parametrize("name", ["$x$ & <b>", "_hidden $"])
def test_a_name_is_text_and_no_formula(name):
    table = pd.DataFrame(
        {"run": name, "label": [0, 1], "train_real": [0, 5], "mean": [1.0, 2.0], "std": np.nan}
    )

    svg = svg_of(lambda: per_class(table, styles([name]), many_above=3, few_at_most=1), "")

    assert "<b>" not in svg


def test_styles_differ_for_forty_two_methods():
    found = styles([f"method {i}" for i in range(42)])

    assert len(set(found.values())) == 42
