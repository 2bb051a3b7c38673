"""The reference does the same work as the engine: what it minimises has the same value."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.data import MEAN, STD, RandomImages, random_images
from benchmarks.engine import Engine
from benchmarks.reference import Reference
from benchmarks.reference.mixing import Mix, draw_mix
from benchmarks.reference.network import PlainNetwork
from benchmarks.reference.trainer import Host
from sau.data.batches import Batch
from sau.engine.epoch_start import real_batches
from sau.engine.settings import TrainingSettings
from sau.methods.base import Epoch, Step
from sau.views import Normalisation, ViewOptions, mixing

HOST = Host(torch.device("cpu"), workers=0)
SETTINGS = TrainingSettings(
    backbone="resnet8", width=4, batch_size=8, projection_hidden=16, projection_size=8
)


def plain_network() -> PlainNetwork:
    return PlainNetwork(8, width=4, classes=3, hidden=16, outputs=8)


@pytest.fixture(params=[False, True], ids=["published", "lean"])
def reference(request: pytest.FixtureRequest, images: RandomImages) -> Iterator[Reference]:
    made = Reference(plain_network(), images, batch_size=8, host=HOST, lean=request.param)
    yield made
    made.close()


def random_batch(seed: int, synthetic: torch.Tensor) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    views = torch.randn(3, 8, 3, 16, 16, generator=generator)
    labels = torch.randint(3, (8,), generator=generator)
    named = {"v1": views[0], "v2": views[1], "v3": views[2]}
    return Batch(named, labels, synthetic, torch.arange(8))


@pytest.mark.parametrize("synthetic_every", [1, 2, 9], ids=["all", "half", "none"])
def test_losses_and_gradients_are_the_engines(
    reference: Reference, images: RandomImages, synthetic_every: int
) -> None:
    engine = Engine(images, SETTINGS)
    network, method = engine.run.network, engine.run.phases[0].method
    options = ViewOptions(Normalisation(MEAN, STD))
    start = torch.Generator().manual_seed(0)
    data = engine.run.phases[0].data
    method.start_epoch(
        Epoch(
            number=1,
            network=network,
            real_batches=lambda names: real_batches(data, names, options, 8, start),
        )
    )
    reference.network.load_state_dict(network.state_dict())
    reference.prototypes = method.prototypes
    synthetic = torch.arange(8) % synthetic_every == synthetic_every - 1
    batch, second = random_batch(1, synthetic), random_batch(2, synthetic)
    draws = np.random.default_rng(3)
    ratios = float(draws.beta(1, 1)), float(draws.beta(1, 1))
    mix = Mix(*ratios, mixing.draw_box(16, 16, ratios[1], draws))
    plain = [
        (list(part.views.values()), part.labels, part.is_synthetic) for part in (batch, second)
    ]
    network.train()
    reference.network.train()
    draws = np.random.default_rng(3)
    expected = method.loss(Step(batch=batch, second=second, network=network, generator=draws))
    found = reference.losses(plain[0], plain[1], mix)
    for name, value in found.items():
        torch.testing.assert_close(value, expected[name], atol=1e-4, rtol=0)
    torch.autograd.backward(expected["total"])
    torch.autograd.backward(torch.stack(list(found.values())).sum())
    gradients = dict(network.named_parameters())
    for name, parameter in reference.network.named_parameters():
        torch.testing.assert_close(
            parameter.grad, gradients[name].grad, atol=1e-3, rtol=1e-3, check_stride=False
        )


def test_steps_change_the_weights_and_prototypes_have_length_one_or_none(
    reference: Reference,
) -> None:
    before = [parameter.clone() for parameter in reference.network.parameters()]
    pieces = reference.pieces(batches=2, steps=2)
    assert (pieces.images, pieces.steps) == (16, 2)
    assert min(pieces.prototypes, pieces.training) > 0
    after = reference.network.parameters()
    assert all(not torch.equal(old, new) for old, new in zip(before, after, strict=True))
    lengths = torch.linalg.vector_norm(reference.prototypes, dim=2)
    # Few images may lack a class, whose prototype is then 0.
    torch.testing.assert_close(lengths, lengths.round())
    assert lengths.amax(dim=0).tolist() == pytest.approx([1, 1])


def test_lean_makes_no_view_that_is_not_looked_at(reference: Reference) -> None:
    feeds = reference.first, reference.second, reference.start
    views = [len(feed.images.transforms) for feed in feeds]
    assert views == ([3, 1, 2] if reference.lean else [3, 3, 3])
    assert reference.start.images.images.is_synthetic.any() != reference.lean


def test_workers_rest_but_while_the_feed_is_open(images: RandomImages) -> None:
    made = Reference(plain_network(), images, 8, Host(torch.device("cpu"), workers=1))
    gate = made.first.images.gate
    with made.first.open() as batches:
        views, labels, synthetic = next(batches)
        assert gate.is_set()
    assert not gate.is_set()
    assert [view.shape for view in views] == [(8, 3, 32, 32)] * 3
    assert len(labels) == len(synthetic) == 8
    made.close()


def test_box_lies_in_the_image_and_has_the_drawn_area_in_its_middle() -> None:
    generator = np.random.default_rng(0)
    for _ in range(200):
        mix = draw_mix(32, 24, generator)
        top, bottom, left, right = mix.box
        assert 0 <= top <= bottom <= 32
        assert 0 <= left <= right <= 24
        area = (bottom - top) * (right - left) / (32 * 24)
        assert area <= 1 - mix.cutmix_ratio + 0.1


def test_random_images_are_balanced_and_a_quarter_real() -> None:
    images = random_images(400, 10)
    assert np.bincount(images.labels).tolist() == [40] * 10
    assert (~images.is_synthetic).sum() == 100
    assert set(images.real().labels) == set(range(10))


def test_engine_times_the_parts_of_an_epoch(images: RandomImages, tmp_path: Path) -> None:
    engine = Engine(images, SETTINGS)
    pieces = engine.epoch()
    assert (pieces.images, pieces.steps) == (4, 2)
    assert min(pieces.prototypes, pieces.training) > 0
    assert pieces.epoch(8, 4) == pytest.approx(2 * (pieces.prototypes + pieces.training))
