import csv
import shutil

import numpy as np
import pytest

from sau.__main__ import main
from sau.metrics import paired_bootstrap, paired_over_seeds
from sau.pipeline.report.formats import interval
from sau.storage import manifest
from sau.tools.compare.command import compare
from sau.tools.compare.read import Row, read_results
from tests.paths import ROOT
from tests.pipeline.report.conftest import World, write_world

PUBLISHED = ROOT / "results" / "published"


@pytest.fixture
def results(tmp_path):
    """Return a function that lays out made runs as the workflow does."""

    def build(name, *, predictions=True, **world):
        files = write_world(tmp_path / "made" / name, World(seeds=(0, 1, 2), **world))
        for metrics, predicted in zip(files.metrics, files.predictions, strict=True):
            place = metrics.parent.name
            for stage, path in (("evaluation", metrics), ("training", predicted)):
                if stage == "evaluation" or predictions:
                    (tmp_path / name / stage / place).mkdir(parents=True)
                    shutil.copy(path, tmp_path / name / stage / place / path.name)
        return tmp_path / name

    return build


def right(folder, run):
    found = []
    for seed in (0, 1, 2):
        path = folder / f"training/{run}-0-{seed}/predictions.parquet"
        rows = manifest.read(path, "predictions").to_pandas()
        last = rows[rows["selection"] == "last"].sort_values("id")
        found.append((last["label"] == last["predicted"]).to_numpy())
    return np.stack(found)


def compared(capsys, *arguments, **flags):
    compare(*arguments, **flags)
    return capsys.readouterr().out


def test_rows_of_both_folders_are_compared_image_by_image(results, capsys):
    # As a row's figures depend on its method alone, CE* of the second stands as CE beside CE.
    first = results("first", methods=[("ce", "Row", "cross_entropy", "real")])
    second = results("second", methods=[("ce", "Row", "cross_entropy", "balanced")])

    text = compared(capsys, first, second)

    expected = paired_bootstrap(right(second, "ce"), right(first, "ce"))
    line = text.splitlines()[-1]
    assert line.startswith("Row     10      ")
    assert interval(expected.mean, expected.low, expected.high) in line
    assert str(expected.verdict) in line
    assert "data: real, balanced" in line


def test_settings_of_predictions_of_another_run_are_not_told(results):
    ours = results("first", methods=[("ce", "Row", "cross_entropy", "real")])
    others = results("second", methods=[("ce", "Row", "cross_entropy", "balanced")])
    for path in ours.rglob("predictions.parquet"):
        shutil.copy(others / path.relative_to(ours), path)
    for found in read_results(ours)[Row("Row", "10")].values():
        assert found.answers is None
        assert "data" not in found.settings


def test_folder_beside_itself_shows_no_difference(results, capsys):
    folder = results("first")

    lines = compared(capsys, folder, folder).splitlines()

    assert [line.split()[0] for line in lines[4:]] == ["CE", "CE*", "SAU"]
    assert all("+0.0 (+0.0 to +0.0)" in line for line in lines[4:])
    assert all("no difference that these runs can tell" in line for line in lines[4:])


def test_figures_alone_are_compared_over_seeds(results, capsys):
    methods = [("ce", "Row", "cross_entropy", "real")]
    first = results("first", methods=methods)
    second = results("second", methods=methods, predictions=False)

    line = compared(capsys, first, second).splitlines()[-1]

    top1 = (100 * right(first, "ce").mean(axis=1)).tolist()
    expected = paired_over_seeds(top1, top1)
    assert interval(expected.mean, expected.low, expected.high) in line


def test_runs_on_other_test_images_are_not_subtracted(results, capsys):
    first, second = results("first"), results("second", test_images=9)

    assert "tested on other images" in compared(capsys, first, second)


def test_rows_that_one_folder_lacks_are_named(results, capsys):
    first = results("first", methods=[("ce", "CE", "cross_entropy", "real")])
    second = results("second", methods=[("sau", "SAU", "sau", "balanced")])

    text = compared(capsys, first, second)

    assert "only in the first" in text
    assert "only in the second" in text


def test_published_folder_is_read_from_its_table():
    found = read_results(PUBLISHED / "digits-resnet8")

    runs = found[Row("CE*", "100")]
    assert set(runs) == {"0", "1", "2"}
    with (PUBLISHED / "digits-resnet8" / "summary.csv").open() as file:
        rows = list(csv.DictReader(file))
    chosen = next(
        row
        for row in rows
        if (row["method"], row["imbalance_factor"], row["seed"], row["split"])
        == ("CE*", "100", "1", "all")
    )
    assert runs["1"].top1 == float(chosen["top1_last"])
    assert runs["1"].settings["epochs"] == int(chosen["epochs"])


@pytest.mark.parametrize("suffix", ["csv", "md", "html"])
def test_table_is_written_in_every_form(suffix, tmp_path, capsys):
    path = tmp_path / f"table.{suffix}"

    compared(capsys, PUBLISHED / "digits-resnet8", PUBLISHED / "digits-resnet8", output=path)

    text = path.read_text()
    assert "CE*" in text.replace("\\", "")
    if suffix == "csv":
        rows = list(csv.DictReader(text.splitlines()))
        assert len(rows) == 9
        assert {row["seeds_of_both"] for row in rows} == {"3"}
        assert float(rows[0]["difference"]) == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere", "nowhere"], "nowhere: no such folder"),
        ([".", "."], ".: no results; expected evaluation/**/metrics.parquet"),
        ([".", ".", "--output", "table.xlsx"], "expected a file that ends in .csv, .md, .html"),
        (["bad", "bad"], "bad/summary.csv: no column top1_last"),
        (["odd", "odd"], "odd/summary.csv: expected rows of split `all` with top1_last"),
    ],
)
def test_what_cannot_be_compared_is_one_line(words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    head = "method,imbalance_factor,seed,split"
    for name, text in (("bad", head), ("odd", f"{head},top1_last\nCE,10,0,all,400\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "summary.csv").write_text(text)

    assert main(["compare", *words]) == 2

    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error


def test_published_figures_of_other_data_sets_are_not_subtracted(tmp_path, capsys):
    """By their names, as such folders hold no predictions; a table without names is no obstacle."""
    heading = "dataset,method,imbalance_factor,seed,split,top1_last"

    def published(name, dataset, top1):
        (tmp_path / name).mkdir()
        lines = [f"{dataset},CE,100,{seed},all,{top1 + seed}" for seed in range(3)]
        (tmp_path / name / "summary.csv").write_text("\n".join([heading, *lines]))
        return tmp_path / name

    digits, others = published("one", "digits", 60.0), published("two", "cifake", 20.0)
    unnamed, same = published("three", "", 50.0), published("four", "digits", 50.0)
    line = compared(capsys, digits, others).splitlines()[-1]
    assert "tested on other images: digits, cifake" in line
    assert "worse" not in line
    for folder in (same, unnamed):
        assert "-10.0 (-10.0 to -10.0)  worse" in compared(capsys, digits, folder)
