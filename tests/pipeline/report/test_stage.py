import csv

import pytest

from sau.core.errors import UserError
from tests.pipeline.report.conftest import METHODS
from tests.pipeline.report.pages import (
    FIGURE_OUTPUTS,
    NOISE_HEADER,
    assert_stands_alone,
    markdown_tables,
    run_overview,
    run_report,
)


@pytest.mark.usefixtures("undrawn")
def test_markdown_says_the_numbers_of_the_csv(fake):
    out = run_report(fake())

    rows = list(csv.DictReader(out["csv"].splitlines()))
    tables = markdown_tables(out["markdown"])
    assert len(rows) == 2 * 3
    for selection, heading in (
        ("last", "Top-1, last epoch"),
        ("best_on_test", "Top-1, best epoch, chosen on the test set"),
    ):
        header, *lines = tables[heading]
        selected = [row for row in rows if row["selection"] == selection]
        for line, row in zip(lines[:3], selected, strict=True):
            cells = dict(zip(header, line, strict=True))
            assert cells["Method"] == row["label"]
            assert cells.get("Seeds", "2") == row["seeds"] == "2"
            for split in ("all", "many", "medium", "few"):
                assert cells[split] == f"{row[f'{split}_mean']} ± {row[f'{split}_std']}"
                assert f"{row[f'{split}_mean']}<small> ± {row[f'{split}_std']}" in out["html"]


def test_html_needs_nothing_but_itself(fake):
    files = fake()

    assert_stands_alone(run_report(files)["html"])
    assert_stands_alone(run_overview(files.metrics, files.folder)["html"].decode())


def test_names_and_prompts_are_text(fake):
    evil = "<script>alert(1)</script>"
    files = fake(class_names=("cat", evil, "a|b $x$"), prompt='">' + evil + "{name}")

    out = run_report(files)

    assert "<script" not in out["html"]
    assert "&lt;script&gt;alert(1)" in out["html"]
    assert "Only &lt;b&gt;tests" in out["html"]
    assert "<script" not in out["markdown"]
    assert "a\\|b" in out["markdown"]


def test_report_has_the_same_bytes_twice(fake):
    files = fake()

    assert run_report(files, "first") == run_report(files, "second")
    one, two = files.folder / "one", files.folder / "two"
    assert run_overview(files.metrics, one) == run_overview(files.metrics, two)


def test_single_seed_shows_no_deviation(fake):
    out = run_report(fake(seeds=(0,)))

    tables = markdown_tables(out["markdown"])
    assert not any("±" in cell for row in tables["Top-1, last epoch"] for cell in row)
    rows = list(csv.DictReader(out["csv"].splitlines()))
    assert {row["all_std"] for row in rows} == {""}


def test_split_without_classes_shows_a_dash(fake):
    out = run_report(fake(many_above=1000, few_at_most=0))

    tables = markdown_tables(out["markdown"])
    header, first, *_ = tables["Top-1, last epoch"]
    assert dict(zip(header, first, strict=True))["many"] == "—"
    assert next(csv.DictReader(out["csv"].splitlines()))["many_mean"] == ""


def test_run_without_any_synthetic_image(fake):
    methods = [("ce", "CE", "cross_entropy", "real")]

    out = run_report(fake(methods=methods, synthetic=False, failed=0))

    assert "Synthetic images: none" in out["markdown"]
    assert "none of these runs corrects labels" in out["markdown"]
    assert "Noise found" not in out["html"]
    assert "Noise found" not in out["markdown"]
    assert out["noise"] == NOISE_HEADER
    assert "Synthetic shortage" not in out["html"]


def test_lists_of_other_lengths_or_orders_are_refused(fake):
    files = fake()
    with pytest.raises(UserError, match="one file of each kind"):
        run_report(files, histories=files.histories[1:])
    with pytest.raises(UserError, match="same order"):
        run_report(files, predictions=files.predictions[::-1])


def test_runs_of_different_factors_are_refused(fake):
    steep, flat = fake("steep", seeds=(0,)), fake("flat", seeds=(0,), factor=2.0, requested="2")
    lists = ("metrics", "predictions", "histories", "label_corrections", "members")
    both = {name: getattr(steep, name) + getattr(flat, name) for name in lists}

    with pytest.raises(UserError, match="requested imbalance factor"):
        run_report(steep, **both)


def test_members_of_a_run_that_are_not_given_are_named(fake):
    files = fake()

    with pytest.raises(UserError, match="run 'ce-balanced' was trained on one with content hash"):
        run_report(files, members=files.members[:1])


def test_last_epochs_noise_is_a_table_of_means_per_seed(fake):
    files = fake(methods=[*METHODS, ("more", "More", "sau", "balanced")])

    out = run_report(files)

    tables = markdown_tables(out["markdown"])
    rows = list(csv.DictReader(out["noise"].splitlines()))
    for method in ("SAU", "More"):
        header, *lines = tables[method]
        assert header == ["Class", "synthetic", "called noise", "share, %"]
        assert lines[0] == ["cat", "0", "0", "—"]
        last = [row for row in rows if row["method"] == method and row["epoch"] == "4"]
        assert [line[0] for line in lines] == [row["class"] for row in last]
        for line, row in zip(lines[1:], last[1:], strict=True):
            assert float(line[1]) == int(row["synthetic"]) / 2
            assert float(line[2]) == int(row["noise"]) / 2
            assert float(line[3]) == pytest.approx(100 * float(row["share"]), abs=0.006)
    heading = out["html"].index("<h2>Noise found by label correction</h2>")
    assert out["html"].index("<svg", heading) < out["html"].index("<table", heading)
    assert "The heat map of the HTML page shows shares" in out["html"]


@pytest.mark.usefixtures("undrawn")
def test_markdown_links_the_files_beside_it(fake):
    files = fake("a folder")
    figure = files.folder / "out" / "a figure (1).png"

    out = run_report(files, figure=figure)["markdown"]
    overviews = run_overview(files.metrics, files.folder)["markdown"].decode()

    assert "(a%20figure%20%281%29.png)" in out
    assert all(f"(report.{name})" in out for name in ("csv", *FIGURE_OUTPUTS))
    assert "(overview.figure)" in overviews
    assert "(overview.csv)" in overviews


@pytest.mark.usefixtures("undrawn")
def test_links_lead_from_the_folder_of_the_page(fake):
    files = fake()

    out = run_report(files, noise=files.folder / "tables" / "noise.csv")["markdown"]

    assert "(../tables/noise.csv)" in out
