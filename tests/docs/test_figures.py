"""Figures on the written pages: each is recomputed from the published runs."""

import json
import re
from typing import Any

import pytest

from tests.docs.published import (
    COLUMNS,
    MINUS,
    PUBLISHED,
    assert_published,
    by_seed,
    mean_and_deviation,
    paired,
    table_after,
    text_of,
)


def test_readme_result_is_that_of_the_published_runs() -> None:
    text = " ".join(text_of("README.md").split())
    folders = ["cifake-mini", "cifake-mini-seeds"]
    for method in ("SAU", "CE*"):
        assert f"{by_seed(method, folders, 100).mean():.2f} %" in text
    found = re.search(r"([\d.]+) points more \(95 % interval ([\d.]+) to ([\d.]+), paired", text)
    assert found is not None
    assert found.groups() == paired("SAU", "CE*", folders, 100)


def test_readme_result_of_the_default_is_that_of_the_published_run() -> None:
    text = " ".join(text_of("README.md").split())
    found = re.search(r"bring ([\d.]+) points \(([\d.]+) to ([\d.]+), five seeds\)", text)
    assert found is not None
    assert found.groups() == paired("CE*", "CE", ["digits-steps"], 100)
    elsewhere = paired("CE*", "CE", ["digits-quality"], 100)
    assert "and {} ({} to {}) on another processor".format(*elsewhere) in text
    found = re.search(r"by ([\d.]+) \(([\d.]+) to ([\d.]+)\) over Balanced Softmax", text)
    assert found is not None
    assert found.groups() == paired("CE*, then real", "Balanced Softmax", ["digits-steps"], 100)
    middle, low, _ = paired("Balanced Softmax", "CE", ["digits-steps"], 100)
    assert f"Balanced Softmax {middle} without" in text
    assert not low.startswith(MINUS)
    for factor in (100, 50, 10):
        *_, high = paired("SAU", "CE*", ["digits"], factor)
        assert high.startswith(MINUS), "SAU is no longer below CE* at every factor"


def test_readme_fits_on_three_screens() -> None:
    assert len(text_of("README.md").splitlines()) <= 120


def test_results_top1_is_that_of_the_published_runs() -> None:
    head, *rows = table_after(text_of("docs/results.md"), "| | data | digits")
    checked = 0
    for method, _, *cells in rows:
        for column, cell in zip(head[2:], cells, strict=True):
            if cell:
                assert cell == mean_and_deviation(by_seed(method, *COLUMNS[column])), column
                checked += 1
    assert checked == 15


def test_results_differences_are_paired_over_the_published_seeds() -> None:
    head, *rows = table_after(text_of("docs/results.md"), "| difference in points")
    checked = 0
    for difference, *cells in rows:
        better, other = difference.split(f" {MINUS} ")
        for column, cell in zip(head[1:], cells, strict=True):
            if cell:
                middle, low, high = paired(better, other, *COLUMNS[column])
                assert cell == f"{middle} ({low} to {high})", f"{difference}, {column}"
                checked += 1
    assert checked == 10


def test_results_of_parts_on_digits_are_the_published_ones() -> None:
    _, *rows = table_after(text_of("docs/results.md"), "| part alone |")
    assert len(rows) == 5
    for method, top1, difference in rows:
        assert top1 == mean_and_deviation(by_seed(method, ["digits-parts"], 100))
        middle, low, high = paired(method, "CE*", ["digits-parts"], 100)
        assert difference == f"{middle} ({low} to {high})", method


def test_results_of_as_many_steps_are_the_published_ones() -> None:
    text, folder = text_of("docs/results.md"), ["digits-steps"]
    _, *rows = table_after(text, "| row, 280 steps |")
    assert len(rows) == 6
    assert_published(rows, folder, " (300 steps)")
    _, *rows = table_after(text, "| difference on digits, as many steps |")
    assert len(rows) == 6
    for difference, cell in rows:
        middle, low, high = paired(*difference.split(f" {MINUS} "), folder, 100)
        assert cell == f"{middle} ({low} to {high})", difference
    middle, low, high = paired("CE, then real", "CE", folder, 100)
    assert f"gains {middle} ({low} to {high})" in " ".join(text.split())


def test_results_of_as_many_steps_on_cifake_mini_are_the_published_ones() -> None:
    _, *rows = table_after(text_of("docs/results.md"), "| row, 480 steps, seed 2 |")
    folders = ["cifake-mini-steps"] * 2 + ["cifake-mini-seeds"] * 2
    for folder, (method, _, *cells) in zip(folders, rows, strict=True):
        for name, cell in zip(("all", "many", "medium", "few"), cells, strict=True):
            assert cell == f"{by_seed(method, [folder], 100, name)[2]:.2f}", (method, name)


def test_results_on_pretrained_features_are_the_published_ones() -> None:
    _, *rows = table_after(text_of("docs/results.md"), "| pretrained | data |")
    assert len(rows) == 4
    for method, _, *cells in rows:
        for folder, cell in zip(("pretrained-cifake", "pretrained-cifake-96"), cells, strict=False):
            assert cell == mean_and_deviation(by_seed(method, [folder], 100)), (method, folder)
        splits = ("many", "medium", "few")
        means = [by_seed(method, ["pretrained-cifake-96"], 100, name).mean() for name in splits]
        assert cells[2:] == [f"{mean:.2f}" for mean in means], method


def test_results_on_pretrained_features_with_as_many_steps_are_the_published_ones() -> None:
    text = " ".join(text_of("docs/results.md").split())
    longer, shorter = (
        by_seed("Balanced Softmax", [folder], 100)
        for folder in ("pretrained-cifake-96-steps", "pretrained-cifake-96")
    )
    assert list(longer.index) == [0, 2]
    assert f"has {longer[0]:.2f} and {longer[2]:.2f} (seeds 0 and 2" in text
    assert f"{shorter[0]:.2f} and {shorter[2]:.2f} with 100)" in text
    assert longer.max() < by_seed("CE*", ["pretrained-cifake-96"], 100).min()


def test_differences_on_other_processors_are_the_published_ones_and_have_one_sign() -> None:
    _, *rows = table_after(text_of("docs/results.md"), "| difference on digits | run |")
    assert [row[1] for row in rows].count("digits-avx2") == 2
    for difference, run, *cells in rows:
        better, other = difference.split(f" {MINUS} ")
        for factor, cell in zip((100, 50, 10), cells, strict=True):
            middle, low, high = paired(better, other, [run], factor)
            assert cell == f"{middle} ({low} to {high})", (run, difference, factor)
            assert low.startswith(MINUS) == high.startswith(MINUS) == (better == "SAU")


def test_results_of_rows_beyond_the_paper_are_the_published_ones() -> None:
    _, *rows = table_after(text_of("docs/results.md"), "| on digits | IF 100")
    assert len(rows) == 4
    folders, factors = ["digits-own"], (100, 50, 10)
    for method, *cells in rows:
        for place, factor in enumerate(factors):
            assert cells[place] == mean_and_deviation(by_seed(method, folders, factor))
            if method != "SAU":
                middle, low, high = paired(method, "SAU", folders, factor)
                assert cells[3 + place] == f"{middle} ({low} to {high})", (method, factor)
    apart = by_seed("CE*, BatchNorm apart", ["digits-apart"], 100)
    assert f"{mean_and_deviation(apart)} at 100" in text_of("docs/results.md")


def test_results_of_two_epochs_are_the_published_ones() -> None:
    methods, cells = table_after(text_of("docs/results.md"), "| CE | CE* | GLMC*")
    for method, cell in zip(methods, cells, strict=True):
        assert cell == mean_and_deviation(by_seed(method, ["cifake-width16"], 100))


def test_results_with_muon_are_the_published_ones() -> None:
    _, *rows = table_after(text_of("docs/results.md"), "| row | SGD | Muon |")
    folders = ["cifake-mini-muon", "cifake-mini-beyond"]
    for method, sgd, muon in rows:
        assert sgd == mean_and_deviation(by_seed(method, folders, 100))
        assert muon == mean_and_deviation(by_seed(f"{method} + Muon", folders, 100))


@pytest.mark.parametrize(("folder", "method"), [("cifake-filter", "CE*"), ("cifake-random", "CE*")])
def test_results_of_the_filter_are_the_published_ones(folder: str, method: str) -> None:
    assert mean_and_deviation(by_seed(method, [folder], 100)) in text_of("docs/results.md")


@pytest.mark.parametrize("page", ["README.md", "docs/results.md"])
def test_figures_are_not_printed_in_bold(page: str) -> None:
    """A bold figure says that it is the best, and three seeds seldom can."""
    assert re.findall(rf"\*\*[{MINUS}-]?\d[\d.]*", text_of(page)) == []


@pytest.mark.parametrize("page", ["docs/benchmarks.md", "docs/images.md"])
def test_ratio_of_mixed_batches_is_the_published_one(page: str) -> None:
    record = json.loads((PUBLISHED / "benchmarks" / "mixed_batches.json").read_text())
    [ratio] = record["ratios"]
    bounds = f"{ratio['lowest']:.2f} to {ratio['highest']:.2f}"
    text = " ".join(text_of(page).split())
    assert f"a class at a time takes {ratio['ratio']:.2f} times" in text
    assert f"({bounds} in {len(ratio['rounds']['slower'])} rounds" in text


def test_run_of_a_million_is_told_as_it_was_recorded() -> None:
    path = PUBLISHED / "benchmarks" / "million.json"
    figures = json.loads(path.read_text(encoding="utf-8"))["figures"]
    whole, tenth = figures["whole"], figures["tenth"]
    text = " ".join(text_of("docs/benchmarks.md").split())
    assert whole["shards_when_killed"] == 1
    assert whole["rows"]["drawn"] == whole["rows"]["kept"] == 1_280_000
    assert f"of which the complement takes {whole['rows']['taken']:,}." in text
    assert f"ends {whole['resumed_seconds'] / 60:.0f} minutes later" in text
    assert f"`sau plan` takes {whole['plan_seconds']:.0f} s" in text
    assert f"the dry run {whole['dry_run_seconds']:.0f} s" in text

    def mebibytes(size: dict[str, Any], stage: str) -> str:
        return f"{size['stages'][stage]['peak_bytes'] / 2**20:,.0f}"

    for stage, between in (("images", "{} and {} MiB"), ("scores", "{} and {}")):
        told = between.format(mebibytes(whole, stage), mebibytes(tenth, stage))
        assert f"{stage} {told}" in text
    for stage in ("filter", "complement", "prompts"):
        assert f"{stage} {mebibytes(whole, stage)} and {mebibytes(tenth, stage)}" in text
    told = f"{mebibytes(tenth, 'images')} MiB with 8,000 pictures of 32 pixels and"
    assert f"{told} {mebibytes(whole, 'images')} MiB with" in " ".join(
        text_of("docs/images.md").split()
    )


def test_ratios_of_the_fast_lane_are_the_published_ones() -> None:
    text = " ".join(text_of("docs/benchmarks.md").split())
    for name, tellings in (
        (
            "fast_lane",
            [
                "{} in float32 ({} to {};",
                "{} times the plain float32 script in bfloat16 ({} to {} in",
            ],
        ),
        ("kept_memory", ["{} times ({} to {} in 7 rounds)"]),
    ):
        record = json.loads((PUBLISHED / "benchmarks" / f"{name}.json").read_text())
        for ratio, telling in zip(record["ratios"], tellings, strict=True):
            figures = (f"{ratio[key]:.2f}" for key in ("ratio", "lowest", "highest"))
            assert telling.format(*figures) in text
    peaks = record["figures"]["peak_bytes"]
    told = f"{peaks['keeps'] / 2**20:,.0f} MiB in place of {peaks['leaves'] / 2**20:,.0f}"
    assert told in text
