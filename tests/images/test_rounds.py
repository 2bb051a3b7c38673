"""Images of rounds: other counts for each class, and prompts that take turns."""

from pathlib import Path

import pyarrow as pa
import pytest

from sau import manifest
from sau.errors import UserError
from sau.images.rounds import rows_to_draw
from sau.images.settings import ImagesSettings
from sau.images.stage import images
from tests.images.conftest import Inputs, rows_of

PROMPTS = [{"id": f"{label}/{i}", "label": label} for label in range(3) for i in range(2)]


def draws(*counts: tuple[int, int]) -> list[dict[str, int]]:
    """Return what a round draws: images of earlier rounds, and of this one, for each class."""
    return [
        {"label": label, "needed": 9, "before": before, "kept": 0, "draws": count}
        for label, (before, count) in enumerate(counts)
    ]


def ids(*counts: tuple[int, int]) -> list[str]:
    return [row["id"] for row in rows_to_draw(PROMPTS, draws(*counts))]


def test_prompts_take_turns() -> None:
    assert ids((0, 1), (0, 0), (0, 5)) == ["0/0", "2/0", "2/1", "2/0.1", "2/1.1", "2/0.2"]


def test_a_later_round_goes_on_where_the_one_before_ended() -> None:
    first, second = ids((0, 3), (0, 0), (0, 1)), ids((3, 2), (0, 0), (1, 4))
    assert second == ["0/1.1", "0/0.2", "2/1", "2/0.1", "2/1.1", "2/0.2"]
    assert sorted(first + second) == sorted(ids((0, 5), (0, 0), (0, 5)))


def test_a_class_without_prompts_is_an_error() -> None:
    with pytest.raises(UserError, match="--prompts: class 2 has none, but 1 images of it"):
        rows_to_draw(PROMPTS[:4], draws((0, 1), (0, 0), (0, 1)))


def run_round(inputs: Inputs, number: int, shards: int, *counts: tuple[int, int]) -> list[Path]:
    """Run the shards of one round, and return their files."""
    path = inputs.folder / f"round-{number}.parquet"
    table = pa.Table.from_pylist(draws(*counts), schema=manifest.SCHEMAS["draws"])
    manifest.write(path, "draws", table, {})
    outputs = []
    for shard in range(number * shards, (number + 1) * shards):
        outputs.append(inputs.folder / f"round-{number}-{shard}.parquet")
        images(
            inputs.folder / "train.parquet",
            outputs[-1],
            shard=shard,
            prompts=inputs.folder / "prompts.parquet",
            draws=path,
            settings=ImagesSettings(steps="1", shards=shards),
        )
    return outputs


def test_images_of_two_rounds_are_those_of_one_long_round(inputs: Inputs) -> None:
    """And, as far as there are prompts, those of a run without rounds."""
    first = run_round(inputs, 0, 2, (0, 5), (0, 2))
    second = run_round(inputs, 1, 2, (5, 1), (2, 3))
    rows = {row["id"]: row for path in first + second for row in rows_of(path)}
    (whole,) = run_round(inputs, 0, 1, (0, 6), (0, 5))
    assert {row["id"]: row for row in rows_of(whole)} == rows
    plain = {row["id"]: row for row in rows_of(inputs.run(steps="1"))}
    assert len(plain.keys() - rows.keys()) == 0
    assert all(rows[name] == row for name, row in plain.items())
    assert len({row["seed"] for row in rows.values()}) == 11


def test_a_round_with_nothing_to_draw_is_empty(inputs: Inputs) -> None:
    paths = run_round(inputs, 2, 2, (4, 0), (4, 0))
    assert [manifest.read(path, "images").num_rows for path in paths] == [0, 0]
