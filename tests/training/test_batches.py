import dataclasses

import pytest
import torch
from torch import Generator, Tensor

from sau.data.batches import Streams, count_batches, index_batches, view_batches
from sau.views import Normalisation, ViewOptions
from tests.training.made import training_data

OPTIONS = ViewOptions(Normalisation((0, 0, 0), (1, 1, 1)), False, 0, 0)


@pytest.mark.parametrize(
    ("count", "size", "expected"), [(10, 4, [4, 4, 2]), (9, 4, [4, 4]), (8, 4, [4, 4]), (2, 9, [2])]
)
def test_last_batch_is_kept_unless_it_has_one_image(
    count: int, size: int, expected: list[int], generator: Generator
) -> None:
    pieces = index_batches(count, size, generator)
    assert count_batches(count, size) == len(pieces)
    assert [len(piece) for piece in pieces] == expected
    assert len(set(torch.cat(pieces).tolist())) == sum(expected)


@pytest.mark.parametrize("steps", [1, 2, 5, 7])
def test_steps_are_whole_and_show_every_image_before_any_twice(
    steps: int, generator: Generator
) -> None:
    pieces = index_batches(10, 4, generator, steps=steps)
    assert [len(piece) for piece in pieces] == [4] * steps
    shown = torch.bincount(torch.cat(pieces), minlength=10)
    assert int(shown.max() - shown.min()) <= 1
    assert int(shown.sum()) == 4 * steps


def test_weighted_steps_draw_as_the_weights_have_it(generator: Generator) -> None:
    pieces = index_batches(3, 4, generator, torch.tensor([1.0, 0.0, 3.0]), steps=1000)
    shares = torch.bincount(torch.cat(pieces), minlength=3) / 4000
    assert shares.tolist() == pytest.approx([0.25, 0, 0.75], abs=0.03)


def test_streams_depend_on_all_their_names() -> None:
    streams = [Streams(0, 1), Streams(1, 1), Streams(0, 2)]
    draws = {float(torch.rand(1, generator=s.torch(name))) for s in streams for name in "ab"}
    draws |= {s.numpy(name).random() for s in streams for name in "ab"}
    assert len(draws) == 12
    assert Streams(0, 1).numpy("a").random() in draws


def test_batches_hold_what_belongs_together(pictures: Tensor) -> None:
    count = len(pictures)
    labels = torch.arange(count)
    data = training_data(pictures, labels, labels % 3 == 0)
    first, again, second = (
        list(view_batches(data, ("v1",), OPTIONS, 10, Streams(0, 1), stream))
        for stream in ("first", "first", "second")
    )
    for batch in first:
        assert torch.equal(batch.is_synthetic, batch.labels % 3 == 0)
        assert torch.equal(batch.views["v1"], pictures[batch.labels] / 255)
    orders = [torch.cat([batch.labels for batch in run]).tolist() for run in (first, again, second)]
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2]) == list(range(count))


def test_alternating_flips_show_both_sides_in_two_epochs(pictures: Tensor) -> None:
    data = training_data(pictures, torch.arange(len(pictures)), torch.zeros(len(pictures)) > 0)
    options = dataclasses.replace(OPTIONS, horizontal_flip=True, flips="alternating")
    flipped = []
    for epoch in (1, 2, 3):
        sides = torch.zeros(len(pictures), dtype=torch.bool)
        for batch in view_batches(data, ("v1", "v1_again"), options, 10, Streams(0, epoch), "a"):
            for name, other in (("v1", "v1_again"), ("v1_again", "v1")):
                assert torch.equal(batch.views[name], batch.views[other].flip(3))
            whole = (pictures[batch.index] / 255).flip(3)
            same = (batch.views["v1"] == whole).flatten(1).all(dim=1)
            sides[batch.index] = same
        flipped.append(sides)
    assert torch.equal(flipped[0], ~flipped[1])
    assert torch.equal(flipped[0], flipped[2])
    assert 0 < int(flipped[0].sum()) < len(pictures)
