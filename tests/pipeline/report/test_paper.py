import csv
import typing

import pytest

from sau.core.errors import UserError
from sau.pipeline.report.paper import COLUMNS, TABLES, counterpart, figures_of, read_figures
from sau.pipeline.report.settings import ReportSettings
from tests.paths import SHARED

SPECIFICATION = SHARED / "spec" / "paper_tables.csv"


def test_lines_of_the_file_are_all_figures():
    with TABLES.open(newline="") as file:
        rows = list(csv.DictReader(file))

    figures = read_figures()

    assert len(figures) == len(rows) == 157
    for figure, row in zip(figures, rows, strict=True):
        for key in ("source", "dataset", "method", "backbone", "split", "top1"):
            assert getattr(figure, key) == row[key]
        assert figure.data == ("balanced" if row["synthetic"] == "1" else "real")
        asked = "as-is" if row["dataset"] == "imagenet-lt" else row["imbalance_factor"]
        assert (figure.table, figure.imbalance_factor) == (int(row["table"]), asked)


@pytest.mark.skipif(not SPECIFICATION.exists(), reason="the specification is not here")
def test_packaged_file_is_the_specifications():
    assert TABLES.read_bytes() == SPECIFICATION.read_bytes()


def test_table_stands_in_the_order_of_the_paper():
    figures = figures_of("SAU", 1, "cifar10")

    assert [figure.top1 for figure in figures[:4]] == ["65.87", "70.14", "74.94", "86.18"]
    assert {figure.dataset for figure in figures} == {"cifar10"}
    assert [figure.method for figure in figures_of("SAU", 3, "cifar100")] == [
        "SAU:drop",
        "SAU:pos_neg",
        "SAU:neg_only",
    ]


def test_method_is_known_by_its_data():
    figures = figures_of("SAU", 1, "cifar10")

    real = counterpart(figures, "CE", "real", "resnet32")
    balanced = counterpart(figures, "CE", "balanced", "resnet32")

    assert [figure.top1 for figure in real] == ["65.87", "70.14", "74.94", "86.18"]
    assert [figure.top1 for figure in balanced] == ["82.29", "84.45", "87.27", "91.10"]


def test_method_with_several_networks_is_taken_with_ours():
    figures = figures_of("SAU", 2, "imagenet-lt")

    def everything(backbone):
        found = counterpart(figures, "SAU", "balanced", backbone)
        return next(figure.top1 for figure in found if figure.split == "all")

    assert (everything("resnet50"), everything("resnext50_32x4d")) == ("53.7", "55.2")
    with pytest.raises(UserError, match="the paper has ResNet-50 and ResNeXt-50, not resnet18"):
        everything("resnet18")
    assert counterpart(figures, "GLMC", "real", "resnet50")[0].backbone == "ResNeXt-50"


@pytest.mark.parametrize(
    ("method", "data", "message"),
    [
        ("CB-focal", "real", "'CB-focal' on real data: unknown paper method; did you mean 'CB-F"),
        ("BCL", "balanced", "'BCL' on balanced data: unknown paper method; known"),
    ],
)
def test_method_that_is_not_there_is_refused(method, data, message):
    with pytest.raises(UserError, match=message):
        counterpart(figures_of("SAU", 1, "cifar10"), method, data, "resnet32")


def test_table_that_is_not_there_is_refused():
    with pytest.raises(UserError, match="SAU has no table 7 for cifar10; known tables: SAU 1 cif"):
        figures_of("SAU", 7, "cifar10")


HEADER = ",".join(COLUMNS)
LINE = "SAU,1,cifar10,CE,0,resnet32,200,all,65.87"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("source,table\nSAU,1\n", "columns"),
        (f"{HEADER}\n{LINE}\n{LINE}\n", "two figures of one cell"),
        (f"{HEADER}\n{LINE},3\n", "line 2: more than 9 values"),
        (f"{HEADER}\n{LINE[:-6]}\n", "line 2: table, imbalance_factor and top1 must be numbers"),
        (f"{HEADER}\n{LINE.replace('200', 'as-is')}\n", "must be numbers"),
        (f"{HEADER}\n{LINE.replace('65.87', '165.87')}\n", "165.87 must be a percentage"),
        (f"{HEADER}\n{LINE.replace('65.87', 'nan')}\n", "nan must be a percentage"),
        (f"{HEADER}\n{LINE.replace('all', 'tail')}\n", "split one of all, many, medium, few"),
        (f"{HEADER}\n{LINE.replace('CE,0', 'CE,2')}\n", "synthetic must be 0 or 1"),
    ],
)
def test_damaged_file_is_refused(tmp_path, text, message):
    path = tmp_path / "tables.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_figures(path)


def test_settings_offer_every_source_and_data_set_of_the_file():
    hints = typing.get_type_hints(ReportSettings)
    datasets = typing.get_args(typing.get_args(hints["paper_dataset"])[0])

    assert set(typing.get_args(hints["paper_source"])) == {f.source for f in read_figures()}
    assert set(datasets) == {f.dataset for f in read_figures()}


def test_table_and_data_set_are_named_together():
    assert ReportSettings().paper_figures() == []
    assert len(ReportSettings(paper_table=1, paper_dataset="cifar10").paper_figures()) == 38
    for alone in ({"paper_table": 1}, {"paper_dataset": "cifar10"}):
        with pytest.raises(UserError, match="one is set without the other"):
            ReportSettings(**alone)
    with pytest.raises(UserError, match="GLMC has no table 2 for cifar10"):
        ReportSettings(paper_table=2, paper_dataset="cifar10", paper_source="GLMC")
