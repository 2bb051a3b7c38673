"""Batches, embeddings and predictions of two processes are those of one."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Generator, Tensor

from sau.data.batches import CHUNK_PIXELS, Batch, Streams, view_batches
from sau.data.sets import TestData, TrainingData
from sau.device.ranks import ALONE, Ranks
from sau.engine.epoch_start import real_batches
from sau.engine.prediction import predict
from sau.methods.prototypes import PROTOTYPE_VIEWS, class_prototypes, embed_all
from sau.networks import Network, NetworkConfig
from sau.views import Normalisation, ViewName, ViewOptions
from tests.training.made import training_data
from tests.training.ranks.pair import Pair, both

OPTIONS = ViewOptions(Normalisation((0.5, 0.4, 0.3), (0.2, 0.25, 0.3)), cutout_size=4)
NAMES: tuple[ViewName, ...] = ("v1", "v2", "v3")


def make_data(count: int = 31) -> TrainingData:
    generator = Generator().manual_seed(1)
    pixels = torch.randint(256, (count, 3, 8, 8), dtype=torch.uint8, generator=generator)
    labels = torch.arange(count) % 3
    return training_data(pixels, labels, torch.arange(count) % 4 == 0)


def epoch_of(ranks: Ranks, weights: Tensor | None, pixels: int = CHUNK_PIXELS) -> list[Batch]:
    arguments = make_data(), NAMES, OPTIONS, 8, Streams(0, 1), "first"
    return list(view_batches(*arguments, weights, ranks, pixels))


@pytest.mark.parametrize("pixels", [CHUNK_PIXELS, 8 * 8 * 8, 2 * 8 * 8 * 8])
@pytest.mark.parametrize("processes", [2, 4])
def test_views_are_those_of_one_process(processes: int, pixels: int) -> None:
    """In chunks of all batches, of one and of two; 31 images are batches of 8, 8, 8 and 7."""
    weights = torch.tensor([1.0, 5.0, 2.0])
    whole = epoch_of(ALONE, weights, pixels)
    assert [len(batch.labels) for batch in whole] == [8, 8, 8, 7]
    for ranks in both(processes):
        for batch, expected in zip(epoch_of(ranks, weights, pixels), whole, strict=True):
            assert torch.equal(batch.index, expected.index)
            assert torch.equal(batch.labels, expected.labels)
            assert torch.equal(batch.is_synthetic, expected.is_synthetic)
            assert (batch.share is None) == (len(batch.labels) < 2 * processes)
            own = batch.share.own if batch.share else slice(None)
            for name in NAMES:
                found, view = batch.views[name], expected.views[name][own]
                torch.testing.assert_close(found, view, rtol=1e-5, atol=1e-5)


def partners(ranks: Ranks) -> list[Tensor]:
    order = torch.tensor([3, 0, 6, 1, 2, 5, 4, 7])
    return [batch.partners_of("v2", order[: len(batch.labels)]) for batch in epoch_of(ranks, None)]


def test_partners_come_from_all_of_the_batch(pair: Pair) -> None:
    order = torch.tensor([3, 0, 6, 1, 2, 5, 4, 7])
    for rank, found in enumerate(pair.in_group(partners)):
        for images, batch in zip(found, epoch_of(ALONE, None), strict=True):
            expected = batch.views["v2"][order[: len(batch.labels)]][rank::2]
            torch.testing.assert_close(images, expected, rtol=1e-5, atol=1e-5)


def embedded(ranks: Ranks, normalise: bool) -> tuple[Tensor, ...]:
    network = Network(NetworkConfig("resnet8", 2, 3, 6, 4), seed=5)

    def real() -> Iterator[Batch]:
        draws = Generator().manual_seed(2)
        return real_batches(make_data(), PROTOTYPE_VIEWS, OPTIONS, 8, draws, ranks)

    prototypes = class_prototypes(network, real(), 3, normalise=normalise)
    return prototypes, *embed_all(network, real())


@pytest.mark.parametrize("normalise", [False, True])
def test_prototypes_and_embeddings_are_those_of_one_process(normalise: bool, pair: Pair) -> None:
    """Of 23 real images, in batches of 8, 8 and 7."""
    prototypes, embeddings, labels = embedded(ALONE, normalise)
    assert len(labels) == 23
    for found in pair.in_group(embedded, normalise):
        torch.testing.assert_close(found[0], prototypes, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(found[1], embeddings, rtol=1e-5, atol=1e-5)
        assert torch.equal(found[2], labels)


def predicted(ranks: Ranks, count: int, flip: bool) -> Any:
    network = Network(NetworkConfig("resnet8", 2, 3), seed=5)
    data = make_data(count)
    test = TestData(data.ids, data.images, data.labels)
    return predict(network, test, OPTIONS, 4, shown="flip" if flip else "whole", ranks=ranks)


@pytest.mark.parametrize(("count", "flip"), [(31, False), (10, True), (3, False)])
def test_predictions_are_those_of_one_process(count: int, flip: bool, pair: Pair) -> None:
    expected = predicted(ALONE, count, flip)
    for found in pair.in_group(predicted, count, flip):
        assert (found.epoch, found.top1) == (expected.epoch, expected.top1)
        assert torch.equal(found.predicted, expected.predicted)
        torch.testing.assert_close(found.confidence, expected.confidence)
        torch.testing.assert_close(found.label_probability, expected.label_probability)
