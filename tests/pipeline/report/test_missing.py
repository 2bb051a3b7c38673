import dataclasses
import math

import pytest

from sau.core.errors import UserError
from sau.pipeline.report.grid import Grid
from sau.pipeline.report.result_tables import networks, results
from sau.pipeline.report.runs import read_expected
from sau.pipeline.report.tables import run_rows, summary, with_missing
from tests.pipeline.report.conftest import BOUNDS, METHODS, grid_row
from tests.pipeline.report.pages import run_overview

pytestmark = pytest.mark.usefixtures("undrawn")


def grid_of(methods=METHODS, factors=("10",), seeds=(0, 1), **paper):
    rows = [
        grid_row(*names, factors, paper=paper.get(names[0].replace("-", "_"), ""))
        for names in methods
    ]
    return Grid("pets-lt", rows, list(factors), [0], list(seeds), BOUNDS)


def table_of(paths, grid):
    there = read_expected(paths, grid)
    assert not there.outdated
    return with_missing(summary(run_rows(there.runs)), there.grid)


def test_json_and_back_is_the_same_grid():
    grid = grid_of(methods=[("a", "it's {x} | é", "sau", "real")], a="CB-Focal")

    assert Grid.from_json(grid.to_json()) == grid
    assert grid.size() == 2


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rows": [{}]}', '{"rows": [{"run": "a"}]}'])
def test_text_that_is_no_grid_is_refused(text):
    with pytest.raises(UserError, match="--expected: not a grid"):
        Grid.from_json(text)


def test_table_of_all_runs_is_that_without_a_grid(fake):
    paths = fake().metrics

    complete = table_of(paths, grid_of())

    plain = summary(run_rows(read_expected(paths, grid_of()).runs))
    assert (complete["expected"] == 2).all()
    assert complete.drop(columns="expected").equals(plain)
    none = [None] * len(plain)
    assert results(complete, "ce", none) == results(plain, "ce", none)
    assert networks(complete) == networks(plain)


def test_cell_without_a_run_is_a_row_of_its_own(fake):
    files = fake()
    paths = [path for path in files.metrics if path.parent.name in ("ce-0-1", "sau-0-0", "sau-0-1")]

    table = table_of(paths, grid_of(factors=("50", "10")))

    last = table[table["selection"] == "last"]
    assert list(zip(last["requested_imbalance_factor"], last["run"], strict=True)) == [
        (factor, run) for factor in ("50", "10") for run in ("ce", "ce-balanced", "sau")
    ]
    assert last["seeds"].tolist() == [0, 0, 0, 1, 0, 2]
    assert set(last["expected"]) == {2}
    assert last["imbalance_factor"].tolist() == [50.0] * 3 + [10.0] * 3
    assert last["all_mean"].isna().tolist() == [True, True, True, False, True, False]


def test_tables_say_missing_and_how_many_there_are(fake):
    files = fake()
    table = table_of(files.metrics[1:2], grid_of(factors=("50", "10")))

    rows = results(table, "ce", [None] * len(table), with_factor=True).rows
    assert [row[:2] for row in rows[2:4]] == [["50", "SAU"], ["10", "CE"]]
    assert rows[2][3:] == ["0 of 2", *["missing"] * 4, "—", "—"]
    assert rows[3][3] == "1 of 2"
    assert float(rows[3][4]) > 0
    assert rows[3][-2:] == ["—", "baseline"]
    assert "missing" not in rows[3]

    sizes = {row[0]: row[1:] for row in networks(table).rows}
    assert sizes["CE"] == ["real", "resnet32", "16", "464,154", "4,926,554", "4", "float32", "0.25"]
    assert sizes["SAU"] == ["balanced", "resnet32", "16", "—", "—", "4", "—", "—"]
    without = {row[0]: row[1:] for row in networks(table.assign(width=0)).rows}
    assert without["CE"][2:] == ["—", "464,154", "4,926,554", "4", "float32", "0.25"]


def test_grid_without_a_run_is_all_missing():
    table = table_of([], grid_of(factors=("as-is", "10")))

    assert (table["seeds"] == 0).all()
    rows = results(table, "ce", [None] * len(table), with_factor=True).rows
    assert [row[0] for row in rows[::3]] == ["as-is", "10"]
    assert {cell for row in rows for cell in row[4:8]} == {"missing"}


def test_effective_factor_is_taken_over_from_the_rows_that_know_it(fake):
    files = fake(factor=36.0, requested="100")
    table = table_of(files.metrics[:1], grid_of(factors=("100",)))

    rows = results(table, "ce", [None] * len(table), with_factor=True).rows
    assert {row[0] for row in rows} == {"36 (asked for 100)"}


def test_missing_row_shares_the_rule_for_equal_labels(fake):
    methods = [("a", "SAU", "sau", "real"), ("b", "SAU", "sau", "balanced")]
    files = fake(methods=methods[:1])

    table = table_of(files.metrics, grid_of(methods=methods))

    assert table["label"].unique().tolist() == ["SAU (a)", "SAU (b)"]


def test_runs_outside_the_grid_are_refused(fake):
    paths = fake().metrics
    for grid in (
        grid_of(methods=METHODS[1:]),
        grid_of(factors=("100",)),
        grid_of(seeds=(1,)),
        dataclasses.replace(grid_of(), data_seeds=[3]),
    ):
        with pytest.raises(UserError, match="run 'ce', factor 10, .* not in --expected"):
            read_expected(paths, grid)
    with pytest.raises(UserError, match="given twice"):
        read_expected([*paths, paths[0]], grid_of())


def test_runs_of_other_settings_are_left_out_and_named(fake, tmp_path):
    """A mean over seeds of two recipes, or of two bounds of the splits, is a figure of nothing."""
    current = fake("now").metrics
    trained = fake("trained", recipes={"ce": "another"}).metrics
    measured = fake("measured", many_above=25).metrics
    of_run = {path.parent.name: position for position, path in enumerate(current)}
    paths = list(current)
    paths[of_run["ce-0-1"]] = trained[of_run["ce-0-1"]]
    paths[of_run["sau-0-0"]] = measured[of_run["sau-0-0"]]

    there = read_expected(paths, grid_of())
    page = run_overview(paths, tmp_path, expected=grid_of().to_json())["markdown"].decode()

    assert len(there.runs) == 4
    named = {(run.record.run, run.record.seed) for run in there.outdated}
    assert named == {("ce", 1), ("sau", 0)}
    table = with_missing(summary(run_rows(there.runs)), there.grid)
    assert table.groupby("run", sort=False)["seeds"].max().tolist() == [1, 2, 1]
    assert "Runs: 4 of 6; the others are missing" in page
    assert "configuration has now: CE at factor 10, seed 1; SAU at factor 10, seed 0" in page
    assert "Outdated" not in run_overview(current, tmp_path)["markdown"].decode()


def test_seeds_that_were_trained_on_different_images_are_named(fake, tmp_path):
    """As after a change of the filter, before all runs have been trained again."""
    before, after = fake("before").metrics, fake("after", shortage=1).metrics
    mixed = [*after[:3], before[3], *after[4:]]
    assert before[3].parent.name == "ce-balanced-0-1"

    page = run_overview(mixed, tmp_path, expected=grid_of().to_json())["markdown"].decode()

    words = "means over seeds that were trained on different images"
    assert rf"{words}: CE\* at factor 10, data seed 0" + "\n" in page
    assert words not in run_overview(after, tmp_path)["markdown"].decode()


def test_number_of_a_missing_cell_is_not_made_up():
    table = table_of([], grid_of())

    assert table["parameters"].isna().all()
    assert all(math.isnan(value) for value in table["all_mean"])
