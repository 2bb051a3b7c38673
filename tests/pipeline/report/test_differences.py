import csv

import numpy as np
import pytest

from sau.core.errors import UserError
from sau.metrics import paired_bootstrap, paired_over_seeds
from sau.pipeline.report.answers import read_answers
from sau.pipeline.report.differences import OVER_BOTH, OVER_SEEDS, Place, baseline_of, differences
from sau.pipeline.report.formats import interval
from sau.pipeline.report.runs import read_measured
from sau.pipeline.report.settings import ReportSettings
from sau.storage import manifest
from tests.pipeline.report.pages import markdown_tables, run_overview, run_report

pytestmark = pytest.mark.usefixtures("undrawn")


def right(path):
    rows = manifest.read(path, "predictions").to_pandas()
    last = rows[rows["selection"] == "last"].sort_values("id")
    return (last["label"] == last["predicted"]).to_numpy()


def of_row(files, run):
    return np.stack([right(p) for p in files.predictions if p.parent.name.startswith(f"{run}-0-")])


def test_rows_are_compared_image_by_image_over_all_seeds(fake):
    files = fake(seeds=(0, 1, 2), test_images=40)

    tables = markdown_tables(run_report(files)["markdown"])

    expected = paired_bootstrap(of_row(files, "sau"), of_row(files, "ce"))
    header, baseline, _, sau = tables["Difference to CE"]
    assert header[-2:] == ["all", "in words"]
    assert baseline[-2:] == ["—", "baseline"]
    assert sau[-2:] == [interval(expected.mean, expected.low, expected.high), "better"]


def test_overview_says_the_same_with_predictions_in_any_order(fake, tmp_path):
    files = fake(seeds=(0, 1, 2))

    out = run_overview(files.metrics, tmp_path, predictions=files.predictions[::-1])

    of_factor = markdown_tables(run_report(files)["markdown"])
    of_all = markdown_tables(out["markdown"].decode())
    assert of_all["Difference to CE"] == of_factor["Difference to CE"]
    assert OVER_BOTH in out["markdown"].decode()


def test_rows_without_predictions_are_compared_over_seeds(fake, tmp_path):
    files = fake(seeds=(0, 1, 2))

    out = run_overview(files.metrics, tmp_path)

    top1 = {run: 100 * of_row(files, run).mean(axis=1) for run in ("sau", "ce")}
    expected = paired_over_seeds(top1["sau"].tolist(), top1["ce"].tolist())
    *_, sau = markdown_tables(out["markdown"].decode())["Difference to CE"]
    assert sau[-2] == interval(expected.mean, expected.low, expected.high)
    assert OVER_SEEDS in out["markdown"].decode()


def test_runs_whose_predictions_have_changed_are_compared_over_seeds(fake, tmp_path):
    files, others = fake(seeds=(0, 1, 2)), fake("others", seeds=(5, 6, 7))
    runs = read_measured(files.metrics)

    answers = read_answers(runs, [*files.predictions[:6], *others.predictions])
    found = differences(runs, "ce", answers)

    assert found[Place("pets-lt", "10", "ce-balanced")].images == 60
    assert found[Place("pets-lt", "10", "sau")].images == 0


def test_two_seeds_are_too_few_for_a_word(fake):
    tables = markdown_tables(run_report(fake())["markdown"])

    assert {row[-1] for row in tables["Difference to CE"][2:]} == {"too few seeds"}


def test_only_seeds_of_both_rows_are_compared(fake):
    runs = read_measured(fake(seeds=(0, 1, 2)).metrics)

    found = differences(
        [run for run in runs if run.record.seed or run.record.run != "ce"], "ce", {}
    )

    assert {difference.seeds for difference in found.values()} == {2}
    alone = [run for run in runs if run.record.run != "ce"]
    assert differences(alone, "ce", {}) == {}


def test_baseline_may_be_another_row(fake, tmp_path):
    files = fake(seeds=(0, 1, 2))
    settings = ReportSettings(baseline="sau")

    out = run_overview(files.metrics, tmp_path, settings, predictions=files.predictions)

    tables = markdown_tables(out["markdown"].decode())
    assert [row[-1] for row in tables["Difference to SAU"][1:]][-1] == "baseline"
    assert tables["Difference to SAU"][1][-2].startswith("-")


def test_baseline_that_is_no_row_is_refused():
    assert baseline_of(["ce", "sau"], "") == "ce"
    message = r"report.baseline: there is no row 'glmc'; expected one of ce, sau"
    with pytest.raises(UserError, match=message):
        baseline_of(["ce", "sau", "ce"], "glmc")


def test_all_figures_stand_on_the_page_and_in_the_table_of_runs(fake, tmp_path):
    files = fake(seeds=(0,))

    tables = markdown_tables(run_report(files)["markdown"])
    lines = run_overview(files.metrics, tmp_path)["csv"].decode().splitlines()

    first = next(csv.DictReader(lines))
    shown = dict(zip(*tables["Figures beside top-1"][:2], strict=True))
    names = {"Balanced accuracy": "balanced_accuracy", "Macro-F1": "macro_f1", "ECE": "ece"}
    for heading, name in (names | {"AURC": "aurc", "NLL": "nll"}).items():
        assert float(shown[heading]) == pytest.approx(float(first[f"{name}_last"]), abs=0.006)
    assert "Of the few-shot classes" in tables


def test_files_of_each_run_are_linked(fake):
    files = fake(seeds=(0,))
    models = [path.parent / "model" for path in files.predictions]
    logs = [files.folder / f"logs/{path.parent.name}.log" for path in files.predictions]

    page = run_report(files, models=models, logs=logs, gallery=[files.folder / "all.html"])["html"]

    assert '<a href="../ce-0-0/model">model</a>' in page
    assert '<a href="../logs/sau-0-0.log">log</a>' in page
    assert '<a href="../all.html">gallery of all images</a>' in page
