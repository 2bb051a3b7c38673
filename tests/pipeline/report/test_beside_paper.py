import csv
import io
import statistics

import pytest

from sau.pipeline.report.beside_paper import CSV_COLUMNS, beside_paper, paper_csv, text_table
from sau.pipeline.report.grid import Grid
from sau.pipeline.report.paper import figures_of
from sau.pipeline.report.runs import read_expected
from sau.pipeline.report.tables import run_rows, summary, with_missing
from sau.storage import manifest
from tests.pipeline.report.conftest import BOUNDS, grid_row

METHODS = [
    ("ce", "CE", "cross_entropy", "real"),
    ("sau", "SAU", "sau", "balanced"),
    ("own", "Own", "sau", "balanced"),
]
PAPER = {"ce": "CE", "sau": "SAU"}


def pairs_of(paths, figures, factors, seeds=(0, 1), backbone="resnet32", data_set="pets-lt"):
    rows = [grid_row(*names, factors, backbone, PAPER.get(names[0], "")) for names in METHODS]
    there = read_expected(paths, Grid(data_set, rows, list(factors), [0], list(seeds), BOUNDS))
    assert not there.outdated
    table = with_missing(summary(run_rows(there.runs)), there.grid)
    return beside_paper(table, there.grid, figures)


def rows_of(pairs):
    return list(csv.DictReader(io.StringIO(paper_csv(pairs))))


@pytest.fixture
def some(fake):
    """All runs at factor 10 but one of CE's; none at factor 100."""
    return fake(methods=METHODS).metrics[1:]


def test_differences_equal_a_loop_over_the_files(some):
    figures = figures_of("SAU", 1, "cifar10")

    rows = rows_of(pairs_of(some, figures, ("100", "10")))

    ours = [row for row in rows if row["runs"] not in ("", "0")]
    assert [(row["method"], row["runs"], row["expected"]) for row in ours] == [
        ("CE", "1", "2"),
        ("SAU", "2", "2"),
        ("Own", "2", "2"),
    ]
    for row in ours:
        values = [
            found["top1_last"]
            for path in some
            if manifest.read_metadata(path)["provenance"]["label"] == row["method"]
            for found in manifest.read(path, "metrics").to_pylist()
            if found["split"] == "all"
        ]
        assert float(row["ours"]) == pytest.approx(statistics.mean(values), abs=1e-12)
        if len(values) > 1:
            assert float(row["ours_std"]) == pytest.approx(statistics.stdev(values), abs=1e-12)
        else:
            assert row["ours_std"] == ""
    assert [row["paper"] for row in ours] == ["86.18", "95.88", ""]
    for row in ours[:2]:
        assert float(row["difference"]) == float(row["ours"]) - float(row["paper"])
    assert ours[2]["difference"] == ""


def test_figures_of_the_paper_are_there_once(some):
    figures = figures_of("SAU", 1, "cifar10")

    rows = rows_of(pairs_of(some, figures, ("100", "10")))

    key = ("paper_method", "data", "imbalance_factor", "split", "paper")
    found = [tuple(row[k] for k in key) for row in rows if row["paper"]]
    names = ("method", "data", "imbalance_factor", "split", "top1")
    assert len(found) == len(set(found))
    assert set(found) == {tuple(getattr(f, name) for name in names) for f in figures}
    assert len(rows) == len(figures) + 2  # `own` at two factors stands beside nothing


def test_figure_that_is_missing_is_empty_in_the_csv_and_said_in_the_table(some):
    pairs = pairs_of(some, figures_of("SAU", 1, "cifar10"), ("100", "10"))

    rows, table = rows_of(pairs), text_table(pairs)

    planned, other = rows[0], rows[-1]
    assert list(planned) == CSV_COLUMNS
    empty = ("ours", "ours_std", "difference", "parameters", "effective_imbalance_factor")
    assert [planned[key] for key in empty] == [""] * 5
    assert (planned["method"], planned["paper"], planned["runs"]) == ("CE", "70.14", "0")
    assert (planned["expected"], other["expected"]) == ("2", "0")
    assert (other["method"], other["paper_method"], other["imbalance_factor"]) == ("", "SAU", "50")
    assert table.columns[-4:] == ["Paper", "Ours", "Difference", "Runs"]
    assert table.rows[0][-4:] == ["70.14", "missing", "—", "0 of 2"]
    assert table.rows[-1][-4:] == ["93.91", "missing", "—", "0 of 0"]
    assert table.rows[1][-4] == "86.18"
    assert table.rows[1][-1] == "1 of 2"
    assert table.rows[1][-2] == f"{float(rows[1]['difference']):+.2f}"


def test_parameters_and_network_stand_beside_every_figure_of_ours(some):
    pairs = pairs_of(some, figures_of("SAU", 1, "cifar10"), ("10",))

    cells = dict(zip(text_table(pairs).columns, text_table(pairs).rows[0], strict=True))

    assert cells["Parameters"] == "464,154"
    assert (cells["Backbone"], cells["Width"]) == ("resnet32", "16")
    assert cells["In the paper"] == "CE, resnet32"


def test_imagenet_lt_shows_every_split_as_it_comes(fake):
    paths = fake(methods=METHODS[:2], factor=6.0, requested="as-is").metrics
    figures = figures_of("SAU", 2, "imagenet-lt")

    rows = rows_of(pairs_of(paths, figures, ("as-is",), backbone="resnet50"))

    ours = [(row["method"], row["split"], row["paper"]) for row in rows[:8]]
    assert ours == [
        ("CE", "all", "41.6"),
        ("CE", "many", "64"),
        ("CE", "medium", "33.8"),
        ("CE", "few", "5.8"),
        ("SAU", "all", "53.7"),
        ("SAU", "many", "62.3"),
        ("SAU", "medium", "51.7"),
        ("SAU", "few", "37.2"),
    ]
    assert {row["imbalance_factor"] for row in rows} == {"as-is"}
    assert rows[0]["effective_imbalance_factor"] == "6.0"
    other = [row for row in rows[8:] if row["paper_method"] == "SAU"]
    assert {row["paper_backbone"] for row in other} == {"ResNeXt-50"}


def test_csv_without_a_table_is_its_header():
    assert paper_csv(pairs_of([], [], ("10",))) == ",".join(CSV_COLUMNS) + "\n"
