"""Figures of ways to draw and to choose pictures, recomputed from the published sweeps."""

import numpy as np
import pandas as pd
import pytest

from sau.metrics.paired_over_seeds import paired_over_seeds
from tests.docs.published import (
    MINUS,
    PUBLISHED,
    TWO_ROWS,
    VIEWS,
    assert_published,
    by_seed,
    mean_and_deviation,
    paired,
    signed,
    table_after,
    text_of,
)

BOUNDS = ("mean", "low", "high")


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
            bounds = [signed(row[f"difference_{what}"]) for what in BOUNDS]
            expected = "" if np.isnan(row.difference_mean) else "{} ({} to {})".format(*bounds)
            assert gain == expected, (variant, method)


DRAWN = "#ways-to-draw-and-to-choose-on-digits"
CHOSEN = "#which-generated-images-to-train-on-on-cifake"
LEARNED = "#a-generator-that-has-learned-from-real-images"
VERDICTS = {
    (False, False): "none that can be told",
    (True, True): "less",
    (False, True): "less where real images come last",
}
"""By whether CE*, and CE*, then real, have less, in the words of the table of all means."""


@pytest.mark.parametrize(
    ("names", "data"),
    [
        (["digits-pictures", "digits-classifiers"], f"[digits]({DRAWN})"),
        (["cifake-chosen"], f"[CIFAKE]({CHOSEN})"),
        (["digits-chosen"], f"[digits]({CHOSEN})"),
        (["digits-personalised"], f"[digits]({LEARNED})"),
    ],
)
def test_table_of_all_means_is_that_of_the_published_sweeps(names: list[str], data: str) -> None:
    """All variants of these sweeps stand in it, with their figures and a verdict by these."""
    _, *lines = table_after(text_of("docs/results.md"), "| means | data |")
    own = {cells[0].split("`")[1]: cells[2:] for cells in lines if cells[1] == data}
    found = pd.concat([pd.read_csv(PUBLISHED / name / "sweep.csv") for name in names])
    found["method"] = found["method"].str.removesuffix(VIEWS)
    found = found[found["method"].isin(TWO_ROWS) & (found["variant"] != "default")]
    assert set(own) == set(found["variant"])
    assert len(own) == sum(cells[1] == data for cells in lines)
    for variant, (*cells, verdict) in own.items():
        less = []
        for method, cell in zip(("CE*", "CE*, then real"), cells, strict=True):
            row = found[(found["method"] == method) & (found["variant"] == variant)]
            middle, low, high = (row[f"difference_{what}"].item() for what in BOUNDS)
            assert cell == f"{signed(middle)} ({signed(low)} to {signed(high)})", (variant, method)
            assert low < 0, f"{variant} raises accuracy"
            less.append(high < 0)
        assert verdict == VERDICTS[less[0], less[1]], variant


def test_counts_of_the_table_of_all_means_are_those_of_its_verdicts() -> None:
    text = " ".join(text_of("docs/results.md").split())
    _, *lines = table_after(text_of("docs/results.md"), "| means | data |")
    verdicts = [cells[-1] for cells in lines]
    counts = [verdicts.count(words) for words in VERDICTS.values()]
    assert counts == [18, 6, 4]
    assert f"in ten of the {len(lines)} lines accuracy is lower" in text
    assert f"looking at {2 * len(lines)} of them" in text
    assert "18 make no difference that can be told" in text
    assert "Six cost accuracy in both rows, four only where real images come last" in text
    found = pd.concat(pd.read_csv(file) for file in sorted(PUBLISHED.glob("digits-*/sweep.csv")))
    found = found[(found["method"] == "CE*") & (found["variant"] != "default")]
    width = (found["difference_high"] - found["difference_low"]).median()
    assert f"on digits are {width:.1f} points wide in the median" in text
    gain = paired("CE*, then real", "CE, then real", ["digits-steps"], 100)
    assert "{} points ({} to {}) over the same two stages on real images".format(*gain) in text


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


def test_gains_over_the_same_stages_on_real_images_alone_are_the_published_ones() -> None:
    """All rows of one run, so of one processor: none is compared with a row of another run."""
    text, folder = text_of("docs/results.md"), ["cifake-small-real"]
    _, *rows = table_after(text, "| row, 160 steps |")
    assert len(rows) == 4
    assert_published(rows, folder, " (180 steps)", VIEWS)
    _, *rows = table_after(text, "| difference on that tail |")
    assert len(rows) == 5
    for difference, cell in rows:
        better, other = difference.split(f" {MINUS} ")
        middle, low, high = paired(better + VIEWS, other + VIEWS, folder, 100)
        assert cell == f"{middle} ({low} to {high})", difference
    flat = " ".join(text.split())
    over = paired(f"CE*, then real{VIEWS}", f"CE, then real{VIEWS}", folder, 100)
    assert "bring {} points ({} to {}) over *CE, then real*".format(*over) in flat
    best = paired(f"CE*, then real{VIEWS}", f"Balanced Softmax{VIEWS}", folder, 100)
    assert "and {} ({} to {}) over Balanced Softmax, the better".format(*best) in flat
    under = paired(f"Balanced Softmax{VIEWS}", f"CE, then real{VIEWS}", folder, 100)
    assert "it is {} points below Balanced Softmax ({} to {})".format(*under) in flat
    for split, told in (
        ("many", "{:.2f} against {:.2f} of"),
        ("few", "have {:.2f} against {:.2f}."),
    ):
        ours, theirs = (
            by_seed(f"{method}, then real{VIEWS}", folder, 100, split).mean()
            for method in ("CE*", "CE")
        )
        assert told.format(ours, theirs) in flat
    told = "{} ({} to {}) on a tail of CIFAKE of 500 to 5 images, {} over Balanced Softmax there"
    assert told.format(*over, best[0]) in flat


def test_networks_that_choose_digits_have_the_published_figure() -> None:
    told = mean_and_deviation(by_seed("Balanced Softmax", ["digits-tail"], 100))
    assert f"have {told} themselves" in " ".join(text_of("docs/results.md").split())


def test_result_of_fill_up_is_that_of_the_published_sweep() -> None:
    """With the default's pictures, with its own (textual inversion), and with LoRA's."""
    folder = PUBLISHED / "digits-personalised"
    runs = pd.read_csv(folder / "summary.csv")
    runs = runs[(runs["method"] == "Fill-Up") & (runs["split"] == "all")]
    found = pd.read_csv(folder / "sweep.csv").set_index(["method", "variant"])
    default, own, lora = (
        mean_and_deviation(runs[runs["variant"] == variant]["top1_last"])
        for variant in ("default", "inversion", "lora-each")
    )
    of_own, of_lora = (
        [found.loc[("Fill-Up", variant), f"difference_{what}"] for what in BOUNDS]
        for variant in ("inversion", "lora-each")
    )
    text = " ".join(text_of("docs/results.md").split())
    assert f"has {default} with the default's pictures" in text
    told = "it has {}, a difference of {} points ({} to {})"
    assert told.format(own, *map(signed, of_own)) in text
    assert "it has {}: {} ({} to {})".format(lora, *map(signed, of_lora)) in text
    page = " ".join(text_of("docs/methods/fill_up.md").split())
    middle, most, least = (f"{-value:.1f}" for value in of_own)
    told = f"{own} with those of textual inversion, {middle} points less ({least} to {most})"
    assert f"has {default} with the default's pictures and {told}" in page


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


def test_faults_of_real_images_are_told_as_they_were_found() -> None:
    text = " ".join(text_of("docs/quality.md").split())
    told = pd.read_csv(PUBLISHED / "fast-cifake-real" / "faults.csv")["fault"].value_counts()
    assert (
        f"{told['Blurred']} are called blurred, {told['Dark']} dark, {told['Light']} light" in text
    )
    assert f"{told['Nearly empty']} nearly empty" in text
    assert f"{told['Nearly another']} nearly another" in text
    assert f"{told['Nearly a test image']} are nearly a test image" in text
    assert len(told) == 6
    assert pd.read_csv(PUBLISHED / "digits-quality" / "faults.csv").empty
