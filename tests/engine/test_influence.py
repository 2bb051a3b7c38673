"""TracIn, beside a loop over single gradients."""

import pytest
import torch
import torch.nn.functional as F

from sau.engine.influence import balanced_weights, influence, loss_gradient
from sau.networks import Network, NetworkConfig
from sau.views import Normalisation, ViewOptions
from sau.views import test_view as shown_view

VIEWS = ViewOptions(Normalisation((0.5, 0.5, 0.5), (0.2, 0.2, 0.2)))


def drawn(count, seed, classes=3):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (count, 3, 16, 16), generator=generator, dtype=torch.uint8)
    return images, torch.randint(0, classes, (count,), generator=generator)


def network_of(backbone, **values):
    return Network(NetworkConfig(backbone, 4, 3, **values), seed=1).eval()


def gradient_of(network, image, label):
    """Return one image's own gradient, as one vector over the weights that it has."""
    network.zero_grad()
    F.cross_entropy(network(shown_view(image[None], VIEWS)), label[None]).backward()
    return {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}


def product(one, other):
    return float(sum((one[name] * other[name]).sum() for name in other))


@pytest.mark.parametrize(
    ("backbone", "values"),
    [
        ("resnet8", {}),
        ("whitened_cnn", {}),
        ("resnet8", {"classifier": "cosine", "classifier_scale": 8.0}),
        ("resnet8", {"projection_hidden": 8, "projection_size": 4}),
        ("timm/test_vit", {}),
    ],
)
def test_influence_is_the_product_of_single_gradients(backbone, values):
    network = network_of(backbone, **values)
    held_out, their_labels = drawn(5, 0)
    images, labels = drawn(4, 1)
    shares = balanced_weights(their_labels)
    parts = [
        (held_out[:3], their_labels[:3], shares[:3]),
        (held_out[3:], their_labels[3:], shares[3:]),
    ]
    gradient = loss_gradient(network, parts, VIEWS)
    found = influence(network, images, labels, gradient, VIEWS)
    singles = [gradient_of(network, *pair) for pair in zip(held_out, their_labels, strict=True)]
    for place, pair in enumerate(zip(images, labels, strict=True)):
        own = gradient_of(network, *pair)
        expected = sum(
            float(share) * product(own, single)
            for share, single in zip(shares, singles, strict=True)
        )
        assert float(found[place]) == pytest.approx(expected, rel=1e-3, abs=1e-5)


def test_each_class_counts_the_same_in_a_balanced_mean():
    labels = torch.tensor([0, 0, 0, 2])
    weights = balanced_weights(labels)
    assert weights.tolist() == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])
