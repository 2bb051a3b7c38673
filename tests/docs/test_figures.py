"""Figures on the written pages: each is recomputed from the published runs."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sau.metrics.paired_over_seeds import paired_over_seeds
from tests.paths import ROOT

PUBLISHED = ROOT / "results" / "published"
MINUS = "\N{MINUS SIGN}"
COLUMNS = {
    "digits, IF 100": (["digits"], 100),
    "IF 50": (["digits"], 50),
    "IF 10": (["digits"], 10),
    "CIFAKE-mini, IF 100": (["cifake-mini", "cifake-mini-seeds"], 100),
}


VIEWS = " (flip and shift)"
TWO_ROWS = {f"{method}{views}" for method in ("CE*", "CE*, then real") for views in ("", VIEWS)}
"""Of which each table of pictures has figures."""


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8").replace("\\*", "*")


def table_after(text: str, head: str) -> list[list[str]]:
    """Return the cells of the table whose first line begins with `head`, its line of dashes out."""
    lines = text[text.index(head) :].split("\n\n")[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [rows[0], *rows[2:]]


BALANCED_SOFTMAX = ["fast-cifake-real", "fast-cifake-balanced-softmax"]


def by_seed(method: str, folders: list[str], factor: int, split: str = "all") -> "pd.Series[float]":
    """Return a row's top-1 of the last epoch, by seed."""
    runs = pd.concat([pd.read_csv(PUBLISHED / name / "summary.csv") for name in folders])
    chosen = runs[(runs["method"] == method) & (runs["split"] == split)]
    return chosen[chosen["imbalance_factor"] == factor].set_index("seed")["top1_last"]


def mean_and_deviation(figures: "pd.Series[float]") -> str:
    mean = f"{figures.mean():.2f}"
    return mean if len(figures) == 1 else f"{mean} ± {figures.std():.2f}"


def signed(value: float) -> str:
    """Return a number with a digit after the point, as pages write it."""
    return f"{value:.1f}".replace("-", MINUS)


def paired(better: str, other: str, folders: list[str], factor: int) -> tuple[str, str, str]:
    """Return a mean difference and its 95 % interval, as they are written."""
    gains = (by_seed(better, folders, factor) - by_seed(other, folders, factor)).to_numpy()
    half = stats.t.ppf(0.975, len(gains) - 1) * gains.std(ddof=1) / np.sqrt(len(gains))
    mean = gains.mean()
    return signed(mean), signed(mean - half), signed(mean + half)


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
    for label, _, top1, *splits in rows:
        method = label.removesuffix(" (300 steps)")
        assert top1 == mean_and_deviation(by_seed(method, folder, 100))
        means = [by_seed(method, folder, 100, name).mean() for name in ("many", "medium", "few")]
        assert splits == [f"{mean:.2f}" for mean in means], method
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


def test_results_of_guided_images_are_the_published_ones() -> None:
    text = text_of("docs/results.md")
    text = text[text.index("## Guided by real images") :].split("\n## ")[0]
    for folder in ("digits-guided", "digits-avx2"):
        assert mean_and_deviation(by_seed("CE*", [folder], 100)) in text
    gain = by_seed("CE*", ["digits-guided"], 100) - by_seed("CE*", ["digits-avx2"], 100)
    assert len(gain) == 5
    assert f"{gain.mean():.1f} points" in text


@pytest.mark.parametrize(
    ("head", "name", "same"),
    [
        ("| drawn and chosen |", "digits-pictures", 0),
        ("| by the classifier's word |", "digits-classifiers", 0),
        ("| learned first |", "digits-personalised", 0),
        ("| chosen on CIFAKE |", "cifake-chosen", 0),
        ("| chosen on digits |", "digits-chosen", 0),
    ],
)
def test_results_of_pictures_are_those_of_the_published_sweep(
    head: str, name: str, same: int
) -> None:
    """All variants of it, but for those that are the same as another one, which the text says."""
    _, *lines = table_after(text_of("docs/results.md"), head)
    folder = PUBLISHED / name
    found = pd.read_csv(folder / "sweep.csv").set_index(["method", "variant"])
    runs = pd.read_csv(folder / "summary.csv")
    assert len(lines) == runs["variant"].nunique() - same
    assert (found["difference_high"] == found["difference_low"]).sum() == same
    for variant, *cells in lines:
        for method, top1, gain in zip(
            sorted(set(runs["method"]) & TWO_ROWS, key=len), cells[::2], cells[1::2], strict=True
        ):
            row = found.loc[(method, variant.strip("`"))]
            of_row = (runs["method"] == method) & (runs["variant"] == variant.strip("`"))
            by_run = runs[of_row & (runs["split"] == "all")]["top1_last"]
            assert len(by_run) == 5
            assert top1 == mean_and_deviation(by_run), (variant, method)
            bounds = [signed(row[f"difference_{what}"]) for what in ("mean", "low", "high")]
            expected = "" if np.isnan(row.difference_mean) else "{} ({} to {})".format(*bounds)
            assert gain == expected, (variant, method)


def test_gains_over_real_images_alone_on_a_small_tail_are_the_published_ones() -> None:
    runs = pd.read_csv(PUBLISHED / "cifake-chosen" / "summary.csv")
    runs = runs[runs["variant"] == "default"]
    text = " ".join(text_of("docs/results.md").split())
    readme = " ".join(text_of("README.md").split())
    real = by_seed(f"Balanced Softmax{VIEWS}", ["cifake-tail"], 100)
    assert f"alone has {mean_and_deviation(real)} in as many steps" in text
    assert f"{real.mean():.1f} %" in readme
    for method, told in (
        ("CE*", "{} points more ({} to {}, paired"),
        ("CE*, then real", "last {} more ({} to {})"),
    ):
        own = runs[(runs["method"] == method + VIEWS) & (runs["split"] == "all")]
        found = paired_over_seeds(
            own.sort_values("seed")["top1_last"].tolist(), real.sort_index().tolist()
        )
        assert found.seeds == 5
        bounds = [signed(value) for value in (found.mean, found.low, found.high)]
        assert told.format(*bounds) in text, method
        assert f"{own['top1_last'].mean():.1f} %" in readme
    assert "{} points more ({} to {}, five seeds)".format(*bounds) in readme
    few = runs[(runs["method"] == f"CE*, then real{VIEWS}") & (runs["split"] == "few")]
    of_real = by_seed(f"Balanced Softmax{VIEWS}", ["cifake-tail"], 100, "few")
    assert f"{few['top1_last'].mean():.1f} against {of_real.mean():.1f}" in text


def test_networks_that_choose_digits_have_the_published_figure() -> None:
    told = mean_and_deviation(by_seed("Balanced Softmax", ["digits-tail"], 100))
    assert f"have {told} themselves" in " ".join(text_of("docs/results.md").split())


def test_result_of_fill_up_is_that_of_the_published_sweep() -> None:
    runs = pd.read_csv(PUBLISHED / "digits-personalised" / "summary.csv")
    own = runs[(runs["method"] == "Fill-Up") & (runs["variant"] == "default")]
    told = mean_and_deviation(own[own["split"] == "all"]["top1_last"])
    assert f"has {told} with the default's pictures" in " ".join(text_of("docs/results.md").split())


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


@pytest.mark.parametrize(
    ("head", "folder", "count"),
    [
        ("| row | epochs |", "fast-cifake", 2),
        ("| row | epochs of 50,000 |", "fast-cifake-sau", 2),
        ("| row | trained on |", "fast-cifake-rows", 4),
        (
            "| row | on the real images, |",
            "fast-cifake-real fast-cifake-balanced-softmax fast-cifake-two-cores",
            3,
        ),
    ],
)
def test_results_on_the_fast_lane_are_the_published_ones(
    head: str, folder: str, count: int
) -> None:
    _, *rows = table_after(text_of("docs/results.md"), head)
    assert len(rows) == count
    for method, _, *cells in rows:
        for split, cell in zip(("all", "many", "medium"), cells, strict=False):
            found = by_seed(method, folder.split(), 100, split)
            assert cell == mean_and_deviation(found), (method, split)
        assert cells[0] in text_of("docs/fast-lane.md")


def test_result_of_the_fast_lane_at_factor_10_is_the_published_one() -> None:
    real = by_seed(f"Balanced Softmax{VIEWS}", ["fast-cifake-factor-10"], 10)
    told = f"one seed and 672 steps, Balanced Softmax has {mean_and_deviation(real)} %"
    assert told in " ".join(text_of("docs/results.md").split())


def test_gain_of_real_images_last_is_paired_over_the_published_seeds() -> None:
    runs = pd.read_csv(PUBLISHED / "fast-cifake-then-real" / "top1-by-epoch.csv")
    before, after = (runs[runs["epoch"] == epoch].set_index("seed")["top1"] for epoch in (8, 12))
    found = paired_over_seeds(after.tolist(), before.tolist())
    assert len(after) == 3
    text = " ".join(text_of("docs/results.md").split())
    assert f"from {mean_and_deviation(before)} to {mean_and_deviation(after)}" in text
    assert f"{found.mean:.1f} points ({found.low:.1f} to {found.high:.1f}" in text
    readme = " ".join(text_of("README.md").split())
    real = by_seed("CE (flip and shift)", ["fast-cifake-rows"], 100)
    assert f"{real.mean():.2f} % on the real images (one seed)" in readme
    balanced = by_seed("Balanced Softmax (flip and shift)", BALANCED_SOFTMAX, 100)
    assert len(balanced) == 3
    assert f"{balanced.mean():.2f} % by Balanced Softmax on them" in readme
    over = paired_over_seeds(after.tolist(), balanced.sort_index().tolist())
    under = paired_over_seeds(balanced.sort_index().tolist(), before.tolist())
    told = f"{over.mean:.1f} more than the best without generated images ({over.low:.1f} to"
    assert f"{told} {over.high:.1f}, three seeds)" in readme
    assert f"bring {over.mean:.1f} points over Balanced Softmax" in text
    assert f"({over.low:.1f} to {over.high:.1f}, paired t-test over three seeds;" in text
    assert f"by {under.mean:.1f} points ({under.low:.1f} to {under.high:.1f}, likewise" in text
    assert f"{before.mean():.2f} % with the generated ones, and {after.mean():.2f} %" in readme
    assert f"{found.mean:.1f} points more ({found.low:.1f} to {found.high:.1f}, three" in readme


def test_gain_over_the_last_stage_without_generated_images_has_the_interval_of_two_shares() -> None:
    """Of one seed each, so nothing can be paired but the test images, which are not published."""
    last, without = (
        float(by_seed(f"{method} (flip and shift)", [folder], 100)[0])
        for method, folder in (
            ("CE*, then real", "fast-cifake-then-real"),
            ("CE, then real", "fast-cifake-real"),
        )
    )
    half = 1.96 * np.sqrt(sum(share * (100 - share) for share in (last, without)) / 5000)
    gain = last - without
    text = " ".join(text_of("docs/results.md").split())
    told = f"Over *CE, then real* it is {gain:.1f} ({gain - half:.1f} to {gain + half:.1f}, of two"
    assert told in text


def test_gain_of_the_last_stage_with_the_default_pictures_is_the_published_one() -> None:
    runs = pd.read_csv(PUBLISHED / "digits-pictures" / "summary.csv")
    runs = runs[(runs["variant"] == "default") & (runs["split"] == "all")]
    after, before = (
        runs[runs["method"] == method].set_index("seed")["top1_last"].tolist()
        for method in ("CE*, then real", "CE*")
    )
    found = paired_over_seeds(after, before)
    assert (
        f"{found.mean:.1f} points ({found.low:.1f} to {found.high:.1f}, paired t-test"
        in text_of("docs/results.md")
    )


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
