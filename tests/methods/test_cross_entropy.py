import pytest
import torch
from torch import Generator

from sau.networks import Network
from tests.methods.conftest import loss_of, make, make_batch


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_loss_equals_its_definition(
    smoothing: float, network: Network, generator: Generator
) -> None:
    """(1 - s) times the label's cost, and s times the mean cost of all classes."""
    batch = make_batch(generator)
    found = loss_of(make("cross_entropy", label_smoothing=smoothing), batch, network)
    costs = -network.logits(batch.views["v1"]).double().log_softmax(dim=1)
    each = [
        (1 - smoothing) * costs[place, label] + smoothing * costs[place].mean()
        for place, label in enumerate(batch.labels.tolist())
    ]
    assert found.keys() == {"total"}
    torch.testing.assert_close(found["total"].double(), torch.stack(each).mean())
