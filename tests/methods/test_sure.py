import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Generator

from sau.data.batches import Batch
from sau.data.sets import TrainingData
from sau.engine.step import take_step
from sau.losses.correctness_ranking import correctness_ranking_loss
from sau.methods.base import AnyMethod, Step
from sau.methods.sure import Sure, SureOptions
from sau.networks import Network, NetworkConfig
from sau.views import view
from tests.methods.conftest import VIEWS, context_of, loss_of, make, make_batch, start
from tests.training.conftest import pixels_of


@pytest.fixture
def cosine() -> Network:
    return Network(NetworkConfig("resnet8", 2, 3, classifier="cosine", classifier_scale=8), seed=5)


@pytest.fixture
def batch(generator: Generator) -> Batch:
    return make_batch(generator)


def test_sure_needs_a_cosine_classifier_of_its_scale() -> None:
    method = make("sure", scale=11)
    assert (method.classifier, method.classifier_scale) == ("cosine", 11)


def test_regmixup_mixes_the_batch_with_itself(cosine: Network, batch: Batch) -> None:
    cosine.train()
    losses = loss_of(make("sure", mixup_weight=0.5, mixup_alpha=10), batch, cosine)
    draws = np.random.default_rng(0)
    ratio = draws.beta(10, 10)
    partners = draws.permutation(6)
    images, labels = batch.views["v1"], batch.labels
    clean = F.cross_entropy(cosine(images), labels)
    scores = cosine(ratio * images + (1 - ratio) * images[partners])
    mixed = ratio * F.cross_entropy(scores, labels)
    mixed += (1 - ratio) * F.cross_entropy(scores, labels[partners])
    assert set(losses) == {"total", "classification"}
    torch.testing.assert_close(losses["total"], clean + 0.5 * mixed)


def test_sure_without_its_parts_is_cross_entropy(cosine: Network, batch: Batch) -> None:
    method = make("sure", mixup_weight=0)
    losses = loss_of(method, batch, cosine.train())
    expected = F.cross_entropy(cosine(batch.views["v1"]), batch.labels)
    torch.testing.assert_close(losses["total"], expected)
    assert all(len(buffer) == 0 for buffer in method.buffers())


def shares(method: AnyMethod) -> list[float | None]:
    """Return the share of correct examinations of each image; None for those not examined."""
    state = method.state_dict()
    examined, correct = state["examined"].tolist(), state["correct"].tolist()
    return [c / e if e else None for c, e in zip(correct, examined, strict=True)]


def test_ranking_reads_the_history_of_earlier_steps(cosine: Network, batch: Batch) -> None:
    method = make("sure", mixup_weight=0, ranking_weight=0.5)
    cosine.train()
    right = []
    for step in range(3):
        scores = cosine(batch.views["v1"])
        history = torch.tensor(right).float().mean(dim=0) if step else torch.zeros(6)
        losses = loss_of(method, batch, cosine)
        expected = correctness_ranking_loss(scores.softmax(dim=1).amax(dim=1), history)
        torch.testing.assert_close(losses["ranking"], expected)
        torch.testing.assert_close(
            losses["total"], losses["classification"] + 0.5 * losses["ranking"]
        )
        method.after_step(cosine)
        right.append((scores.argmax(dim=1) == batch.labels).tolist())
        with torch.no_grad():
            cosine.classifier.weight.copy_(cosine.classifier.weight.roll(1, dims=0))
    assert shares(method)[:6] == [sum(column) / 3 for column in zip(*right, strict=True)]
    assert len({tuple(row) for row in right}) > 1
    assert shares(method)[6:] == [None] * 9
    resumed = make("sure", mixup_weight=0, ranking_weight=0.5)
    resumed.load_state_dict(method.state_dict())
    assert shares(resumed) == shares(method)


@pytest.mark.parametrize("radius", [0.0, 1e6])
def test_step_counts_each_image_once_and_at_the_weights_themselves(
    radius: float, cosine: Network, batch: Batch
) -> None:
    method = make("sure", mixup_weight=0, ranking_weight=0.5)
    cosine.train()
    right = (cosine(batch.views["v1"]).argmax(dim=1) == batch.labels).tolist()
    optimizer = torch.optim.SGD(cosine.parameters(), 0.1)
    step = Step(batch=batch, network=cosine, generator=np.random.default_rng(0))
    take_step(method, optimizer, step, sharpness_radius=radius)
    assert shares(method)[:6] == right


def test_reweighting_measures_confidence_at_the_stages_start(
    cosine: Network, data: TrainingData, batch: Batch
) -> None:
    method = Sure(SureOptions(mixup_weight=0, reweight_temperature=2), context_of(data))
    start(method, cosine.train(), data)
    assert cosine.training
    assert cosine.encoder.training
    seen, generator = [], Generator().manual_seed(0)
    for images in torch.split(pixels_of(data), 8):
        with torch.no_grad():
            scores = cosine.eval()(view("v1", images, VIEWS, generator))
        seen.append(scores.softmax(dim=1).amax(dim=1))
    torch.testing.assert_close(method.state_dict()["confidence"], torch.cat(seen))

    cosine.train()
    powers = [np.exp(-2 * s) for s in torch.cat(seen)[batch.index].tolist()]
    weights = [min(6 * value / sum(powers), 1) for value in powers]
    costs = F.cross_entropy(cosine(batch.views["v1"]), batch.labels, reduction="none").tolist()
    expected = np.mean([w * c for w, c in zip(weights, costs, strict=True)])
    assert loss_of(method, batch, cosine)["total"].item() == pytest.approx(expected, rel=1e-5)

    before = method.state_dict()["confidence"].clone()
    with torch.no_grad():
        cosine.classifier.weight.neg_()
    start(method, cosine, data, number=2)
    assert torch.equal(method.state_dict()["confidence"], before)
