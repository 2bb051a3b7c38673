import csv
import logging
import re

import pytest

from sau.core.errors import UserError
from sau.pipeline.report.settings import ReportSettings
from tests.pipeline.report.pages import (
    assert_stands_alone,
    expected_of,
    markdown_tables,
    run_overview,
)

BESIDE = ReportSettings(title="Pets", paper_table=1, paper_dataset="cifar10")


def test_overview_puts_factors_side_by_side(fake, tmp_path):
    steep = fake("steep", factor=10.0, requested="10")
    flat = fake("flat", factor=2.0, requested="2")

    out = run_overview([*flat.metrics, *steep.metrics], tmp_path)

    tables = markdown_tables(out["markdown"].decode())
    header, *rows = tables["Top-1, last epoch"]
    assert header == ["Factor", "Method", "Data", "Seeds", "all", "many", "medium", "few"]
    assert [row[:4] for row in rows] == [
        [factor, *row]
        for factor in ("2", "10")
        for row in (["CE", "real", "2"], ["CE*", "balanced", "2"], ["SAU", "balanced", "2"])
    ]
    assert [row[:2] for row in tables["Difference to CE"][1:]] == [row[:2] for row in rows]
    assert out["figure"].startswith(b"\x89PNG")
    assert b"Software" not in out["figure"]
    assert len(out["csv"].decode().splitlines()) == 1 + 2 * 6 * 4


def test_pages_of_the_factors_are_linked(fake, tmp_path):
    pages = [tmp_path / "imbalance-10.html", tmp_path / "imbalance-as-is.html"]
    out = run_overview(fake().metrics, tmp_path, pages=pages)

    links = re.findall(r'<a href="([^"]+)">([^<]+)</a>', out["html"].decode())
    assert links == [(page.name, page.stem) for page in pages]
    written = "Pages: [imbalance-10](imbalance-10.md), [imbalance-as-is](imbalance-as-is.md)."
    assert written in out["markdown"].decode()


def test_pages_that_are_not_there_are_not_spoken_of(fake, tmp_path):
    out = run_overview(fake().metrics, tmp_path)

    assert b"Pages" not in out["html"]
    assert b"Pages" not in out["markdown"]


def test_factors_capped_to_the_same_are_warned_of_and_kept_apart(fake, tmp_path, caplog):
    capped = [fake(f"at-{name}", factor=10.0, requested=name) for name in ("100", "200")]
    other = fake("other", factor=2.0, requested="2")

    with caplog.at_level(logging.WARNING, logger="sau.pipeline.report"):
        out = run_overview([p for world in (*capped, other) for p in world.metrics], tmp_path)

    (record,) = caplog.records
    assert (record.name, record.levelname) == ("sau.pipeline.report", "WARNING")
    assert "(100 and 200: 10)" in record.getMessage()
    tables = markdown_tables(out["markdown"].decode())
    factors = [row[0] for row in tables["Top-1, last epoch"][1:]]
    assert factors[::3] == ["10 (asked for 100)", "10 (asked for 200)", "2"]


def test_different_factors_need_no_warning(fake, tmp_path, caplog):
    worlds = [fake("steep"), fake("flat", factor=2.0, requested="2")]

    with caplog.at_level(logging.WARNING, logger="sau.pipeline.report"):
        run_overview([path for world in worlds for path in world.metrics], tmp_path)

    assert not caplog.records


def test_overview_of_nothing_is_refused(tmp_path):
    with pytest.raises(UserError, match="at least one run"):
        run_overview([], tmp_path)


def test_overview_of_nothing_that_was_expected_says_that_all_is_missing(tmp_path):
    out = run_overview([], tmp_path, expected=expected_of())

    text = out["markdown"].decode()
    assert "- Runs: 0 of 12; the others are missing" in text
    assert "Training sets" not in text
    tables = markdown_tables(text)
    assert tables["Top-1, last epoch"][3][3:] == ["0 of 2", *["missing"] * 4]
    assert "no runs yet" in out["html"].decode()
    assert out["figure"].startswith(b"\x89PNG")
    assert len(out["csv"].decode().splitlines()) == 1
    assert len(out["paper"].decode().splitlines()) == 1
    assert_stands_alone(out["html"].decode())


def test_figures_that_are_there_stand_beside_the_paper(fake, tmp_path):
    paths = fake().metrics[1:]

    out = run_overview(paths, tmp_path, BESIDE, expected=expected_of())

    text = out["markdown"].decode()
    header, first, second, *_ = markdown_tables(text)["Beside the paper"]
    shown = dict(zip(header, second, strict=True))
    assert dict(zip(header, first, strict=True))["Ours"] == "missing"
    assert (shown["Method"], shown["Factor"], shown["Paper"]) == ("CE", "10", "86.18")
    assert shown["Runs"] == "1 of 2"
    assert f"{float(shown['Ours']) - 86.18:+.2f}" == shown["Difference"]
    assert "the figures of SAU, Table 1, cifar10" in text
    assert "(overview.paper)" in text
    rows = list(csv.DictReader(out["paper"].decode().splitlines()))
    assert len(rows) == 38
    page = out["html"].decode()
    assert "<h2>Beside the paper</h2>" in page
    assert f'<td class="n">{shown["Difference"]}</td>' in page
    assert "- Runs: 5 of 12; the others are missing" in text


def test_paper_without_a_table_leaves_no_trace(fake, tmp_path):
    out = run_overview(fake().metrics, tmp_path, expected=expected_of())

    assert "Beside the paper" not in out["markdown"].decode()
    assert "overview.paper" not in out["markdown"].decode()
    assert len(out["paper"].decode().splitlines()) == 1


def test_papers_table_needs_the_grid(fake, tmp_path):
    with pytest.raises(UserError, match="--paper-table: rows name their counterparts"):
        run_overview(fake().metrics, tmp_path, BESIDE)
