import dataclasses

import pandas as pd
import pytest

from sau.pipeline.report.cautions import mostly_noise, unequal_steps
from tests.pipeline.report.conftest import runs_in
from tests.pipeline.report.pages import run_report

pytestmark = pytest.mark.usefixtures("undrawn")

NOISE = ["run", "epoch", "label", "seeds", "synthetic", "noise"]


def test_classes_that_are_mostly_noise_at_the_end_are_named():
    rows = [("SAU", 1, 0, 2, 100, 90), ("SAU", 2, 0, 2, 100, 50), ("SAU", 2, 1, 2, 100, 77)]

    _, words = mostly_noise(pd.DataFrame(rows, columns=NOISE), ["cat", "dog"])

    assert "noise at the end: dog (77 %, SAU). Look at them" in words


def test_class_without_synthetic_images_is_not_noise():
    rows = [("SAU", 1, 0, 2, 0, 0), ("SAU", 1, 1, 2, 10, 5)]

    assert mostly_noise(pd.DataFrame(rows, columns=NOISE), ["cat", "dog"]) is None
    assert mostly_noise(pd.DataFrame(columns=NOISE), ["cat", "dog"]) is None


def test_rows_that_were_trained_for_different_numbers_of_steps_are_named(fake):
    runs = runs_in(fake())
    steps = {"CE": 294, "CE*": 1372, "SAU": 1372}
    unequal = [
        dataclasses.replace(run, made=run.made | {"training_steps": steps[run.record.label]})
        for run in runs
    ]
    equal = [dataclasses.replace(run, made=run.made | {"training_steps": 9}) for run in runs]

    _, words = unequal_steps(unequal)

    assert "not the same for all rows: CE 294, CE* 1,372, SAU 1,372;" in words
    assert unequal_steps(equal) is None
    assert unequal_steps(runs) is None


def test_page_names_the_classes_that_are_mostly_noise(fake):
    assert "Mostly noise" not in run_report(fake())["markdown"]
    assert "noise at the end: dog (" in run_report(fake("short", epochs=1))["markdown"]
