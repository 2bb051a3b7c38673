import csv

import pytest

from tests.pipeline.report.pages import expected_of, markdown_tables, run_overview, run_report

pytestmark = pytest.mark.usefixtures("undrawn")

VALIDATION = "best epoch, chosen on validation images"


def test_epoch_that_validation_chose_stands_beside_the_headline(fake, tmp_path):
    files = fake(validation=4)

    out = run_report(files)
    over = run_overview(files.metrics, tmp_path)

    text = out["markdown"]
    assert "- Validation images: 4 real images of the long tail, held out of training" in text
    tables = markdown_tables(text)
    headings = [name for name in tables if name.startswith("Top-1, ")]
    assert headings == [
        "Top-1, last epoch",
        f"Top-1, {VALIDATION}",
        "Top-1, best epoch, chosen on the test set",
    ]
    rows = list(csv.DictReader(out["csv"].splitlines()))
    assert [row["selection"] for row in rows[:3]] == ["last", "best_on_validation", "best_on_test"]
    header, first, *_ = tables[f"Top-1, {VALIDATION}"]
    shown = dict(zip(header, first, strict=True))["all"]
    assert shown == f"{rows[1]['all_mean']} ± {rows[1]['all_std']}"
    assert f"Top-1, {VALIDATION}" in out["html"]
    runs = markdown_tables(text)["Runs"]
    assert dict(zip(runs[0], runs[1], strict=True))[f"Top-1, {VALIDATION}"]
    assert runs[1][runs[0].index(f"Top-1, {VALIDATION}") + 1] == "3"
    lines = list(csv.DictReader(over["csv"].decode().splitlines()))
    assert list(lines[0])[-2:] == ["nll_last", "top1_best_on_validation"]
    assert all(line["top1_best_on_validation"] for line in lines if line["split"] == "all")
    headings = markdown_tables(over["markdown"].decode())
    assert f"Top-1, {VALIDATION}" in headings


def test_validation_split_is_not_spoken_of_without_one(fake, tmp_path):
    files = fake()

    out = run_report(files)
    over = run_overview(files.metrics, tmp_path)

    texts = [*out.values(), *(over[name].decode() for name in ("html", "markdown", "csv"))]
    assert not any(
        "validation" in text.lower().replace("validation_fraction", "") for text in texts
    )


def test_missing_row_has_a_cell_for_each_selection(fake, tmp_path):
    paths = fake(validation=4).metrics[:2]

    out = run_overview(paths, tmp_path, expected=expected_of())

    tables = markdown_tables(out["markdown"].decode())
    for words in ("last epoch", VALIDATION, "best epoch, chosen on the test set"):
        first, second, third = (row for row in tables[f"Top-1, {words}"] if row[0] == "10")
        assert [row[-4] for row in (second, third)] == ["missing"] * 2
        assert first[-4] != "missing"
