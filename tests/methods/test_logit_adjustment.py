import torch
import torch.nn.functional as F
from torch import Generator

from sau.networks import Network
from tests.methods.conftest import loss_of, make, make_batch


def test_loss_adds_tau_log_prior_in_training_alone(network: Network, generator: Generator) -> None:
    batch = make_batch(generator)
    prior = torch.tensor([9.0, 4.0, 2.0]) / 15
    logits = network(batch.views["v1"])
    for tau in (0.0, 1.5):
        losses = loss_of(make("logit_adjustment", tau=tau), batch, network)
        expected = F.cross_entropy(logits + tau * prior.log(), batch.labels)
        assert set(losses) == {"total"}
        torch.testing.assert_close(losses["total"], expected)
    torch.testing.assert_close(network(batch.views["v1"]), logits)
