import pytest
import torch
import torch.nn.functional as F
from torch import Generator

from sau.data.sets import TrainingData
from sau.losses.class_weights import effective_number_weights
from sau.networks import Network, NetworkConfig
from tests.methods.conftest import COUNTS, loss_of, make, make_batch, start


@pytest.fixture
def cosine_network() -> Network:
    config = NetworkConfig("resnet8", 2, 3, classifier="cosine", classifier_scale=20)
    return Network(config, seed=5)


def test_ldam_drw_asks_for_the_classifier_that_its_options_say() -> None:
    method = make("ldam_drw", scale=20)
    assert (method.classifier, method.classifier_scale) == ("cosine", 20)
    assert make("ldam_drw").classifier_scale == 30


@pytest.mark.parametrize("number", [1, 4, 5])
def test_margins_always_and_weights_late(
    number: int, cosine_network: Network, data: TrainingData, generator: Generator
) -> None:
    """Five epochs, of which 0.8 are without weights."""
    method = make("ldam_drw", epochs=5, scale=20, largest_margin=0.3, beta=0.9)
    batch = make_batch(generator)
    start(method, cosine_network, data, number)
    losses = loss_of(method, batch, cosine_network)

    features = F.normalize(cosine_network.features(batch.views["v1"]), dim=1)
    cosines = features @ F.normalize(cosine_network.classifier.weight, dim=1).T
    margins = [0.3 * (2 / 9) ** 0.25, 0.3 * (2 / 4) ** 0.25, 0.3]
    for place, label in enumerate(batch.labels.tolist()):
        cosines[place, label] = cosines[place, label] - margins[label]
    weights = effective_number_weights(COUNTS, 0.9) if number == 5 else None
    expected = F.cross_entropy(20 * cosines, batch.labels, weight=weights)
    assert set(losses) == {"total"}
    torch.testing.assert_close(losses["total"], expected)


@pytest.mark.parametrize(
    ("share", "epochs", "first"), [(0.8, 200, 161), (0.29, 100, 30), (0.0, 3, 1), (1.0, 3, None)]
)
def test_weights_begin_with_their_first_epoch(
    share: float, epochs: int, first: int | None, network: Network, data: TrainingData
) -> None:
    method = make("ldam_drw", epochs=epochs, reweight_from=share)
    weighted = []
    for number in range(1, epochs + 1):
        start(method, network, data, number)
        if method.weights is not None:
            weighted.append(number)
    assert weighted == ([] if first is None else list(range(first, epochs + 1)))
