"""Rounds of generation: what each draws, until every class has what it lacks."""

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sau.core.errors import UserError
from sau.longtail.complement import complement_counts
from sau.longtail.need import counts_by_need
from sau.pipeline.rounds.counts import images_to_draw, needed_images
from sau.pipeline.rounds.settings import RoundsSettings
from sau.pipeline.rounds.stage import rounds
from sau.storage import manifest
from tests.assets.test_validated import network

NAMES = ["cat", "dog", "owl"]
SCHEMA = manifest.SCHEMAS["kept"]


def test_tail_needs_what_its_complement_draws() -> None:
    for counts in ([50, 10, 1], [7, 7, 7], [1, 9, 3]):
        assert needed_images([counts]) == complement_counts(counts)


def test_first_round_draws_more_than_a_class_lacks() -> None:
    assert images_to_draw([0, 10, 99], [0] * 3, [0] * 3, 1.1) == [0, 11, 109]


def test_later_round_makes_up_for_what_is_missing_at_the_share_kept_so_far() -> None:
    """Of 20 images 8 were kept and 2 more are needed: 5 at that share, times the ratio."""
    assert images_to_draw([10], [20], [8], 1.2) == [6]
    assert images_to_draw([10], [20], [10], 1.2) == [0]
    assert images_to_draw([10], [20], [15], 1.2) == [0]


def test_round_draws_no_more_than_the_first() -> None:
    assert images_to_draw([10, 10], [12, 12], [0, 1], 1.2) == [12, 12]


@given(
    needed=st.integers(0, 500),
    share=st.floats(0.05, 1),
    ratio=st.floats(1, 3),
    most=st.integers(1, 8),
)
def test_rounds_fill_a_class_or_reach_their_limit(
    needed: int, share: float, ratio: float, most: int
) -> None:
    """By simulation: a filter that keeps a share of all that was drawn so far, rounded up."""
    drawn, kept = 0, 0
    for _ in range(most):
        (draws,) = images_to_draw([needed], [drawn], [kept], ratio)
        assert (draws == 0) == (kept >= needed)
        drawn += draws
        kept = math.ceil(round(share * drawn, 9))
    assert drawn <= most * math.ceil(round(ratio * needed, 9))
    if share * ratio >= 1.001:
        assert kept >= needed


def tail(folder: Path, name: str, counts: list[int]) -> Path:
    """Write a tail's real members; only their counts are read."""
    path = folder / f"{name}.parquet"
    empty = manifest.SCHEMAS["members"].empty_table()
    manifest.write(path, "members", empty, {"class_names": NAMES, "real_counts": counts})
    return path


def kept_images(folder: Path, drawn: list[int], kept: list[int]) -> Path:
    """Write what a filter kept of the images of each class."""
    path = folder / "kept.parquet"
    rows = [
        {"id": f"{label}/{i}", "label": label, "kept": i < good, "reason": "-"}
        for label, (count, good) in enumerate(zip(drawn, kept, strict=True))
        for i in range(count)
    ]
    manifest.write(path, "kept", pa.Table.from_pylist(rows, schema=SCHEMA), {})
    return path


def columns(path: Path) -> dict[str, list[int]]:
    found: dict[str, list[int]] = manifest.read(path, "draws").to_pydict()
    return found


def test_class_needs_the_most_that_it_lacks_in_any_tail(tmp_path: Path) -> None:
    real = [tail(tmp_path, "100", [50, 10, 1]), tail(tmp_path, "as-is", [20, 5, 60])]
    settings = RoundsSettings(over_generation=1.5)
    rounds(real, tmp_path / "round-0.parquet", settings=settings)
    assert columns(tmp_path / "round-0.parquet") == {
        "label": [0, 1, 2],
        "needed": [40, 55, 49],
        "before": [0, 0, 0],
        "kept": [0, 0, 0],
        "draws": [60, 83, 74],
    }


def test_rounds_reach_what_the_complement_takes_by_need(tmp_path: Path) -> None:
    (tmp_path / "networks").mkdir()
    facts = {"class_names": NAMES}
    need = [Path(network(tmp_path / "networks", [8, 8, 8], [8, 7, 2], **facts))]
    real = [tail(tmp_path, "2", [20, 14, 10])]
    settings = RoundsSettings(over_generation=1.5)
    rounds(real, tmp_path / "round-0.parquet", need=need, settings=settings)
    found = columns(tmp_path / "round-0.parquet")
    assert found["needed"] == counts_by_need([20, 14, 10], [8, 8, 8], [8, 7, 2]) == [0, 2, 14]
    assert found["draws"] == [0, 3, 21]


def test_later_round_reads_what_was_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    real = [tail(tmp_path, "100", [50, 10, 1])]
    kept = kept_images(tmp_path, [0, 60, 60], [0, 40, 30])
    with caplog.at_level("INFO"):
        settings = RoundsSettings(over_generation=1.5, most=3)
        rounds(real, tmp_path / "round-1.parquet", kept=kept, settings=settings)
    found = columns(tmp_path / "round-1.parquet")
    assert (found["before"], found["kept"], found["draws"]) == (
        [0, 60, 60],
        [0, 40, 30],
        [0, 0, 57],
    )
    assert caplog.messages == ["1 of 3 classes lack images (owl 19); this round draws 57"]


def test_number_of_rounds_changes_none_of_them(tmp_path: Path) -> None:
    real = [tail(tmp_path, "100", [50, 10, 1])]
    for most in (1, 4):
        settings = RoundsSettings(over_generation=1.5, most=most)
        rounds(real, tmp_path / f"of-{most}.parquet", settings=settings)
    assert (tmp_path / "of-1.parquet").read_bytes() == (tmp_path / "of-4.parquet").read_bytes()


def test_rounds_without_a_number_to_reach(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="rounds.most: 2, but rounds.over_generation is null"):
        RoundsSettings(most=2)
    with pytest.raises(UserError, match="rounds.over_generation: null"):
        rounds([], tmp_path / "out.parquet", settings=RoundsSettings())


def test_counts_are_those_of_a_slow_count(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    drawn = random.integers(0, 30, 3).tolist()
    kept = [int(random.integers(0, count + 1)) for count in drawn]
    path = kept_images(tmp_path, drawn, kept)
    settings = RoundsSettings(over_generation=1.0, most=2)
    rounds(
        [tail(tmp_path, "10", [30, 20, 10])], tmp_path / "o.parquet", kept=path, settings=settings
    )
    found = columns(tmp_path / "o.parquet")
    rows = manifest.read(path, "kept").to_pylist()
    for label in range(3):
        own = [row for row in rows if row["label"] == label]
        assert found["before"][label] == len(own)
        assert found["kept"][label] == sum(row["kept"] for row in own)
