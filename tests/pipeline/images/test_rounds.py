"""Images of rounds: other counts for each class, and prompts that take turns."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sau.core.errors import UserError
from sau.pipeline.images.beside import Beside
from sau.pipeline.images.rounds import rows_to_draw
from sau.pipeline.images.settings import ImagesSettings
from sau.pipeline.images.stage import images
from sau.storage import manifest
from tests.pipeline.images.conftest import Inputs, rows_of

Rows = list[dict[str, Any]]

NOTHING = Beside([], [0] * 7, set())
NAMES = [f"class {label}" for label in range(7)]
PROMPTS: Rows = [{"id": f"{label}/{i}", "label": label} for label in range(3) for i in range(2)]


def draws(*counts: tuple[int, int]) -> list[dict[str, int]]:
    """Return what a round draws: images of earlier rounds, and of this one, for each class."""
    return [
        {"label": label, "needed": 9, "before": before, "kept": 0, "draws": count}
        for label, (before, count) in enumerate(counts)
    ]


def whole_round(prompts: Rows, counts: Rows) -> Rows:
    return of_shard(prompts, counts, 0, 1)


def of_shard(prompts: Rows, counts: Rows, shard: int, shards: int) -> Rows:
    labels = np.array([prompt["label"] for prompt in prompts], dtype=np.int64)

    def read(places: Sequence[int]) -> Rows:
        return [prompts[place] for place in places]

    return rows_to_draw(labels, read, counts, NOTHING, NAMES, shard, shards)


def ids(*counts: tuple[int, int]) -> list[str]:
    return [row["id"] for row in whole_round(PROMPTS, draws(*counts))]


def one_by_one(prompts: Rows, counts: Rows) -> Rows:
    """Return the rows of a whole round the plain way: all classes' prompts, taking turns."""
    by_label = defaultdict(list)
    for row in prompts:
        by_label[row["label"]].append(row)
    rows = []
    for count in counts:
        own = by_label[count["label"]]
        for place in range(count["before"], count["before"] + count["draws"]):
            turn, prompt = divmod(place, len(own))
            row = own[prompt]
            name = f"{row['id']}.{turn}" if turn else row["id"]
            rows.append({**row, "id": name, "number": place})
    return rows


def test_prompts_take_turns() -> None:
    assert ids((0, 1), (0, 0), (0, 5)) == ["0/0", "2/0", "2/1", "2/0.1", "2/1.1", "2/0.2"]


def test_later_round_goes_on_where_the_one_before_ended() -> None:
    first, second = ids((0, 3), (0, 0), (0, 1)), ids((3, 2), (0, 0), (1, 4))
    assert second == ["0/1.1", "0/0.2", "2/1", "2/0.1", "2/1.1", "2/0.2"]
    assert sorted(first + second) == sorted(ids((0, 5), (0, 0), (0, 5)))


def test_class_without_prompts_is_an_error() -> None:
    with pytest.raises(UserError, match="--prompts: class 2 has none, but 1 images of it"):
        whole_round(PROMPTS[:4], draws((0, 1), (0, 0), (0, 1)))
    with pytest.raises(UserError, match="--prompts: class 2 has none"):
        of_shard(PROMPTS[:4], draws((0, 1), (0, 0), (0, 1)), 0, 9)


@pytest.mark.parametrize("seed", range(8))
def test_shards_divide_the_whole_round_as_it_stands(seed: int) -> None:
    """Prompts in any order, of classes that differ; more shards than images too."""
    random = np.random.default_rng(seed)
    labels = random.permutation(np.repeat(np.arange(7), random.integers(1, 6, 7)))
    prompts = [{"id": f"p{i}", "label": int(k), "prompt": f"no {i}"} for i, k in enumerate(labels)]
    counts = draws(*((int(a), int(b)) for a, b in random.integers(0, 12, (7, 2)) * [1, seed % 3]))
    expected = one_by_one(prompts, counts)
    for shards in (1, 2, 3, 7, 50, 101):
        parts = [of_shard(prompts, counts, shard, shards) for shard in range(shards)]
        drawn = {row["id"]: row for part in parts for row in part}
        assert drawn == {row["id"]: row for row in expected}
        assert sum(map(len, parts)) == len(expected)
        for part in parts:
            assert [row for row in expected if row in part] == part
        sizes = [Counter(row["label"] for row in part) for part in parts]
        for label in range(7):
            of_class = [size[label] for size in sizes]
            assert max(of_class) - min(of_class) <= 1


def test_prompts_of_a_part_alone_are_read() -> None:
    """Dictionaries of a million prompts, of which a shard draws few, would fill its memory."""
    taken: list[int] = []

    def read(places: Sequence[int]) -> Rows:
        taken.extend(places)
        return [PROMPTS[place] for place in places]

    labels = np.array([prompt["label"] for prompt in PROMPTS], dtype=np.int64)
    rows = rows_to_draw(labels, read, draws((0, 9), (0, 9), (0, 9)), NOTHING, NAMES, 0, 9)
    assert [row["label"] for row in rows] == [0, 1, 2]
    assert len(taken) == 3


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
            settings=ImagesSettings(source="glide", steps="1", shards=shards),
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


def test_round_with_nothing_to_draw_is_empty(inputs: Inputs) -> None:
    paths = run_round(inputs, 2, 2, (4, 0), (4, 0))
    assert [manifest.read(path, "images").num_rows for path in paths] == [0, 0]
