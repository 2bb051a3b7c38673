import itertools
import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from sau.core.errors import UserError
from sau.pipeline.report.by_factor import by_factor
from sau.pipeline.report.confusion import confusion, confusion_matrices
from sau.pipeline.report.curves import curve_table, curves
from sau.pipeline.report.figures import NARROW, WIDE, drawing_of, legend, look, shown, styles
from sau.pipeline.report.noise import noise, noise_counts, noise_maps, noise_shares
from sau.pipeline.report.per_class import per_class
from tests.pipeline.report.conftest import runs_in


@pytest.fixture
def runs(fake):
    return runs_in(fake())


def test_confusion_equals_a_loop(runs):
    found = confusion_matrices(runs, 3)

    assert list(found) == ["CE", "CE*", "SAU"]
    slow = np.zeros((3, 3))
    for run in runs:
        for row in run.predictions.to_dict("records"):
            if run.record.label == "SAU" and row["selection"] == "last":
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


def test_judged_noise_has_maps_of_precision_and_recall(fake):
    counts = noise_counts(runs_in(fake(judged=True)))
    maps = noise_maps(counts, 3)
    assert list(maps) == ["SAU", "SAU: precision", "SAU: recall"]
    np.testing.assert_array_equal(maps["SAU"], noise_shares(counts, 3)["SAU"])
    for _, row in counts[counts["synthetic"] > 0].iterrows():
        place = int(row["label"]), int(row["epoch"]) - 1
        assert maps["SAU: precision"][place] == row["found"] / row["noise"]
        assert maps["SAU: recall"][place] == row["found"] / row["wrong"]
    for svg in noise(maps, ["cat", "dog", "ship"]):
        assert "SAU: recall" in svg


def test_truth_that_a_run_does_not_know_is_no_map(runs):
    assert list(noise_maps(noise_counts(runs), 3)) == ["SAU"]


def test_figure_needs_label_correction():
    assert noise({}, ["cat"]) is None


def test_histories_without_the_quantities_mean_no_figure(runs):
    table = curve_table(runs)

    assert curves(table[table["name"] == "nothing"], styles(["CE"])) is None


def test_figure_takes_the_ink_of_the_page_and_links_nowhere(runs):
    for svg in curves(curve_table(runs), styles(["CE", "CE*", "SAU"])):
        assert svg.startswith("<svg role=")
        assert "currentColor" in svg
        assert "://" not in svg
        assert "#010203" not in svg


def width_of(svg):
    """Return what an SVG element says of its own width, in pixels of a browser."""
    return float(re.search(r'width="([0-9.]+)pt"', svg)[1]) * 96 / 72


def test_narrow_figures_fit_a_page_of_390_pixels_and_stand_for_themselves(runs):
    names = ["CE", "CE*", "SAU"]
    found = noise_maps(noise_counts(runs), 3)
    drawings = [
        drawing_of(lambda width: by_factor(summary_of(names), styles(names), width), ""),
        drawing_of(
            lambda width: by_factor(summary_of(names, (1.0, 9.0)), styles(names), width), ""
        ),
        curves(curve_table(runs), styles(names)),
        confusion(confusion_matrices(runs, 3), ["cat", "dog", "ship"]),
        noise(found, ["cat", "dog", "ship"]),
    ]
    for wide, narrow in drawings:
        assert width_of(narrow) <= 366 < width_of(wide)
        defined = [set(re.findall(r' id="([^"]+)"', svg)) for svg in (wide, narrow)]
        assert defined[1]
        assert not defined[0] & defined[1]


def test_long_labels_leave_room_for_the_axes_of_a_narrow_figure():
    names = ["CE*, real images last and then once more", "CE"]
    with look():
        figure = by_factor(summary_of(names), styles(names), NARROW)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    assert axes.get_window_extent().width > 0.4 * figure.bbox.width
    boxes = [text.get_window_extent() for text in (*axes.get_yticklabels(), axes.xaxis.label)]
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.width for box in boxes)
    assert WIDE > 2 * NARROW


@pytest.mark.parametrize("name", ["$x$ & <b>", "_hidden $"])
def test_name_is_text_and_no_formula(name):
    table = pd.DataFrame(
        {"run": name, "label": [0, 1], "train_real": [0, 5], "mean": [1.0, 2.0], "std": np.nan}
    )

    bounds = {"many_above": 3, "few_at_most": 1}
    drawing = drawing_of(lambda width: per_class(table, styles([name]), width, **bounds), "")

    assert all("<b>" not in svg for svg in drawing)


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [((3, 30), ["few", "many", "medium"]), ((3, 900), ["few", "medium"]), ((0, 900), [])],
)
def test_splits_are_named_once_above_a_narrow_figure(bounds, expected):
    few, many = bounds
    table = pd.DataFrame({"run": "CE", "label": range(3), "train_real": [1, 10, 100]})
    with look():
        table = table.assign(mean=5.0, std=np.nan)
        figure = per_class(table, styles(["CE"]), NARROW, many_above=many, few_at_most=few)
    figure.draw_without_rendering()
    assert [text.get_text() for text in figure.axes[0].texts] == expected
    boxes = sorted((t.get_window_extent() for t in figure.axes[0].texts), key=lambda box: box.x0)
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))


def summary_of(names, factors=(100.0,)):
    rows = [
        {"label": name, "imbalance_factor": factor, "selection": "last", "all_mean": 20.0 + place}
        for factor in factors
        for place, name in enumerate(names)
    ]
    return pd.DataFrame(rows).assign(all_std=np.nan)


@pytest.mark.parametrize("length", [1, 12, 60])
def test_legend_has_as_many_columns_as_fit(length):
    names = [f"{number} {'w' * length}" for number in range(14)]
    with look():
        figure = by_factor(summary_of(names, (10.0, 100.0)), styles(names))
    figure.draw_without_rendering()
    box = figure.legends[0].get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width
    entries = [text.get_window_extent() for text in figure.legends[0].get_texts()]
    assert len(entries) == 14
    assert len({round(entry.x0) for entry in entries}) == {1: 6, 12: 3, 60: 1}[length]


def test_rows_of_one_factor_stand_below_each_other_with_their_figures():
    table = summary_of(["CE", "SAU"])
    table.loc[1, "all_std"] = 3.0
    with look():
        figure = by_factor(table, styles(["CE", "SAU"]))
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["CE", "SAU"]
    assert axes.get_ylim() == (1.5, -0.5)  # the first at the top
    assert [text.get_text() for text in axes.texts] == ["20.00", "21.00"]
    assert [text.xy for text in axes.texts] == [(20, 0), (24, 1)]  # behind the bar
    assert axes.get_xlabel().endswith("imbalance factor 100")


def test_styles_differ_for_forty_two_methods():
    found = styles([f"method {i}" for i in range(42)])

    assert len(set(found.values())) == 42


def test_label_that_begins_with_a_mark_of_matplotlib_is_in_the_legend():
    figure = Figure()
    axes = figure.subplots()
    for name in ("_ours", "CE"):
        axes.plot([0, 1], [0, 1], label=shown(name))
    legend(figure, axes)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["_ours", "CE"]


def test_classes_beyond_what_a_figure_shows_are_drawn_in_blocks(runs):
    """Three classes in two cells: classes 0 and 1 are the first, class 2 is the second."""
    found = confusion_matrices(runs, 3, most_cells=2)["CE"]

    slow = np.zeros((2, 2))
    for run in runs:
        for row in run.predictions.to_dict("records"):
            if run.record.label == "CE" and row["selection"] == "last":
                slow[row["label"] // 2, row["predicted"] // 2] += 1
    np.testing.assert_allclose(found, slow / slow.sum(axis=1, keepdims=True))
    assert all("<image" in svg for svg in confusion({"CE": found}, ["a", "b", "c"]))


def test_prediction_of_no_class_is_one_line(runs):
    with pytest.raises(UserError, match="--predictions: run '.*' has a label outside 0 to 1"):
        confusion_matrices(runs, 2)
