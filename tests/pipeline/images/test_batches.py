"""Batches, and what becomes of them where memory runs out."""

import logging
from collections.abc import Sequence
from typing import Self

import numpy as np
import pytest
import torch

from sau.core.errors import UserError
from sau.pipeline.images.batches import draw_in_batches
from sau.pipeline.images.image_generator import Drawn
from sau.pipeline.images.rows import Task


class Counting:
    """A generator whose GPU holds `room` pictures; a picture's pixels are its seed."""

    def __init__(self, room: int, full_batches: bool = False, group: int = 1) -> None:
        self.room = room
        self.group = group
        self.full_batches = full_batches
        self.sizes: list[int] = []

    def announce(self, prompts: Sequence[str]) -> None:
        raise AssertionError("said by who loads the generator")

    def at_guidance_scale(self, scale: float) -> Self:
        raise AssertionError("chosen by who loads the generator")

    def whole_batch(self, size: int) -> int:
        return size - size % self.group

    def draw(
        self, prompts: Sequence[str], seeds: Sequence[int], guides: None = None
    ) -> list[Drawn]:
        self.sizes.append(len(prompts))
        if len(prompts) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return [Drawn(np.full((2, 2, 3), seed, np.uint8)) for seed in seeds]


def tasks(count: int) -> list[Task]:
    return [Task(place, str(place), 0, f"prompt {place}", 10 + place) for place in range(count)]


def drawn_by(generator: Counting, count: int, size: int) -> list[tuple[int, int]]:
    """Return the place of each task and what was drawn for it."""
    batches = draw_in_batches(generator, tasks(count), size)
    return [
        (task.place, int(one.pixels[0, 0, 0]))
        for batch, drawn in batches
        for task, one in zip(batch, drawn, strict=True)
        if one.pixels is not None
    ]


EXPECTED = [(place, 10 + place) for place in range(11)]


def test_batches_are_what_the_generator_computes_together() -> None:
    generator = Counting(room=99, group=3)
    assert drawn_by(generator, 11, 5) == EXPECTED
    assert generator.sizes == [3, 3, 3, 2]


def test_tasks_are_drawn_once_in_their_order() -> None:
    generator = Counting(room=4)
    assert drawn_by(generator, 11, 4) == EXPECTED
    assert generator.sizes == [4, 4, 3]


def test_last_batch_is_filled_up_where_all_should_have_one_size() -> None:
    generator = Counting(room=4, full_batches=True)
    assert drawn_by(generator, 11, 4) == EXPECTED
    assert generator.sizes == [4, 4, 4]


@pytest.mark.parametrize("full", [False, True])
def test_batch_is_halved_for_the_rest_where_memory_runs_out(
    full: bool, caplog: pytest.LogCaptureFixture
) -> None:
    generator = Counting(room=3, full_batches=full)
    with caplog.at_level(logging.WARNING):
        assert drawn_by(generator, 11, 8) == EXPECTED
    assert generator.sizes == [8, 4, 2, 2, 2, 2, 2, 2 if full else 1]
    assert caplog.messages == [
        "out of GPU memory with 8 images at once; going on with 4",
        "out of GPU memory with 4 images at once; going on with 2",
    ]


def test_batch_that_was_not_full_is_halved_too() -> None:
    generator = Counting(room=3)
    assert drawn_by(generator, 5, 50) == EXPECTED[:5]
    assert generator.sizes == [5, 2, 2, 1]


def test_memory_too_small_for_one_image_is_said() -> None:
    with pytest.raises(UserError, match="out of GPU memory with a single image at once; set"):
        drawn_by(Counting(room=0), 3, 2)


def test_machine_out_of_its_own_memory_is_not_hidden() -> None:
    class Starved(Counting):
        def draw(
            self, prompts: Sequence[str], seeds: Sequence[int], guides: None = None
        ) -> list[Drawn]:
            raise MemoryError

    with pytest.raises(MemoryError):
        drawn_by(Starved(room=1), 3, 2)
