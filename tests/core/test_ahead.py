import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from sau.core.ahead import map_ahead
from sau.data.images import EncodedImages
from sau.data.images.encoded import IMAGES_OF_A_TASK, PIECES_AHEAD, _Task
from sau.pipeline.training.listed import Listed
from sau.pipeline.training.load_images import Decoding, load_images
from tests.training.conftest import random_images, write_rows


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("ahead", [0, 3, 100])
def test_results_in_the_order_of_the_items(workers: int, ahead: int) -> None:
    """Also if the first ones take longest."""
    later = threading.Event()

    def slow_at_first(item: int) -> int:
        if item == 0 and workers > 1 and ahead > 0:
            later.wait()
        if item == 1:
            later.set()
        return item * item

    with ThreadPoolExecutor(workers) as pool:
        found = list(map_ahead(pool, slow_at_first, range(20), ahead))
    assert found == [item * item for item in range(20)]


@pytest.mark.parametrize("ahead", [0, 1, 5])
def test_items_are_not_asked_for_earlier_than_allowed(ahead: int) -> None:
    asked: list[int] = []

    def items() -> Iterator[int]:
        for item in range(12):
            asked.append(item)
            yield item

    with ThreadPoolExecutor(2) as pool:
        for result in map_ahead(pool, int, items(), ahead):
            assert len(asked) == min(result + 1 + ahead, 12)


def test_error_comes_at_its_turn_and_ends_the_rest() -> None:
    begun: list[int] = []

    def fail_at_three(item: int) -> int:
        begun.append(item)
        if item == 3:
            raise ValueError("three")
        return item

    with ThreadPoolExecutor(1) as pool:
        results = map_ahead(pool, fail_at_three, range(100), 5)
        assert [next(results) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(ValueError, match="three"):
            next(results)
        assert pool.submit(int).result() == 0, "the pool is left open"
    assert max(begun) <= 3 + 5


def test_caller_who_leaves_early_leaves_no_work_behind() -> None:
    gate = threading.Event()
    done: list[int] = []

    def wait(item: int) -> int:
        if item > 0:
            gate.wait()
        done.append(item)
        return item

    with ThreadPoolExecutor(1) as pool:
        results = map_ahead(pool, wait, range(100), 10)
        assert next(results) == 0
        results.close()
        gate.set()
    assert done in ([0], [0, 1]), "at most the one that had begun"


def test_pieces_are_not_all_in_memory_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that is used, those ahead of it and no more, however many there are."""
    rows = random_images("x", [0] * 50, seed=0)
    path = write_rows(tmp_path / "images.parquet", "images", rows)
    names = [row["id"] for row in rows]
    decoding = Decoding("on_demand", 2, torch.device("cpu"), tmp_path)
    images = load_images([Listed(names, range(50), [path], "key")], decoding)
    assert isinstance(images, EncodedImages)
    asked: list[_Task] = []
    tasks_of = EncodedImages._tasks

    def watched(self: EncodedImages, wanted: list) -> Iterator[_Task]:
        for task in tasks_of(self, wanted):
            asked.append(task)
            yield task

    monkeypatch.setattr(EncodedImages, "_tasks", watched)
    size = 2 * IMAGES_OF_A_TASK
    pieces = [torch.arange(size) for _ in range(9)]
    for used, _ in enumerate(images.batches(pieces), 1):
        begun = {id(task.images) for task in asked}
        assert len(begun) <= min(used + PIECES_AHEAD, len(pieces))
    assert len(asked) == 2 * len(pieces)
