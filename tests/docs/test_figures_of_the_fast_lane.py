"""Figures of all of CIFAKE on the fast lane, recomputed from the published runs."""

import numpy as np
import pandas as pd
import pytest

from sau.metrics.paired_over_seeds import paired_over_seeds
from tests.docs.published import (
    BALANCED_SOFTMAX,
    PUBLISHED,
    VIEWS,
    by_seed,
    mean_and_deviation,
    table_after,
    text_of,
)


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


def test_result_of_the_fast_lane_at_factor_50_is_the_published_one() -> None:
    last = by_seed(f"CE*, then real{VIEWS}", ["fast-cifake-factor-50"], 50)
    told = f"one seed, *CE*, then real* has {mean_and_deviation(last)} % on"
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
