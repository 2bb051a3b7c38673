import torch
import torch.nn.functional as F
from torch import Generator

from sau.methods.bcl import balanced_contrastive_loss
from sau.networks import Network
from tests.methods.conftest import COUNTS, loss_of, make, make_batch


def test_bcl_is_the_weighted_sum_of_both_losses(network: Network, generator: Generator) -> None:
    method = make("bcl", classification_weight=3, contrastive_weight=0.5, temperature=0.2)
    batch = make_batch(generator, method.views)
    losses = loss_of(method, batch, network)

    features = network.features(torch.cat([batch.views[name] for name in method.views]))
    pair = network.project(features[6:])
    centres = method.prototypes(network.classifier.weight)
    contrastive = balanced_contrastive_loss(
        torch.stack([pair[:6], pair[6:]], dim=1), batch.labels, centres, 0.2
    )
    logits = network.classify(features[:6]) + (COUNTS / COUNTS.sum()).log()
    classification = F.cross_entropy(logits, batch.labels)
    torch.testing.assert_close(losses["contrastive"], contrastive)
    torch.testing.assert_close(losses["classification"], classification)
    torch.testing.assert_close(losses["total"], 3 * classification + 0.5 * contrastive)


def test_prototypes_and_the_classifier_learn_from_the_contrastive_loss(
    network: Network, generator: Generator
) -> None:
    method = make("bcl", prototype_hidden=5)
    losses = loss_of(method, make_batch(generator, method.views), network)
    torch.autograd.backward(losses["contrastive"])
    assert {name for name, _ in method.named_parameters()} >= {
        "prototypes.layers.0.weight",
        "prototypes.layers.3.bias",
    }
    for parameter in (*method.parameters(), network.classifier.weight):
        assert parameter.grad is not None
        assert parameter.grad.any()
    assert method.prototypes.layers[0].out_features == 5


def test_classifier_is_linear_or_cosine() -> None:
    assert make("bcl").classifier is None
    cosine = make("bcl", cosine_scale=30)
    assert (cosine.classifier, cosine.classifier_scale) == ("cosine", 30)
