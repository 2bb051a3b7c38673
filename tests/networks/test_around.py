"""Networks around an encoder that somebody else has made."""

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F
from torch import Generator, nn

from sau.core.errors import UserError
from sau.engine.step import take_step
from sau.methods import METHODS, create_method
from sau.methods.base import AnyMethod, Step
from sau.networks import ClassifierKind, MethodNetwork, Network
from sau.networks.classifier import make_classifier
from tests.methods.conftest import context, make_batch, start
from tests.training.made import training_data


class Encoder(nn.Module):
    """The smallest thing that can be an encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 8, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layers(images)


def make(encoder: nn.Module, **options: object) -> Network:
    sizes = {"feature_size": 8, "classes": 3, "projection_size": 4, "projection_hidden": 6}
    return Network.around(encoder, **sizes | options)


def test_network_around_an_encoder_keeps_its_weights_and_draws_heads_from_the_seed() -> None:
    encoder = Encoder()
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    state = torch.get_rng_state()
    one, same, other = (make(encoder, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), state)
    assert one.encoder is encoder
    assert all(torch.equal(before[name], value) for name, value in encoder.state_dict().items())
    assert torch.equal(one.classifier.weight, same.classifier.weight)
    assert not torch.equal(one.classifier.weight, other.classifier.weight)
    assert isinstance(one, MethodNetwork)
    assert not isinstance(encoder, MethodNetwork)


def test_timm_network_gives_features_scores_and_embeddings(generator: Generator) -> None:
    encoder = timm.create_model("resnet18", pretrained=False, num_classes=0)
    network = make(encoder, feature_size=encoder.num_features, projection_hidden=64).eval()
    images = torch.randn(2, 3, 32, 32, generator=generator)
    torch.testing.assert_close(network.features(images), encoder(images))
    assert network.logits(images).shape == (2, 3)
    embeddings = network.embeddings(images)
    torch.testing.assert_close(embeddings.norm(dim=1), torch.ones(2))


class Bare(nn.Module):
    """A network with what `MethodNetwork` asks for, and nothing else."""

    def __init__(self, kind: ClassifierKind, scale: float) -> None:
        super().__init__()
        self.body = Encoder()
        self.classifier = make_classifier(kind, 8, 3, scale)
        self.head = nn.Linear(8, 4)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        return self.body(images)

    def classify(self, features: torch.Tensor) -> torch.Tensor:
        return self.classifier(features)

    def project(self, features: torch.Tensor) -> torch.Tensor:
        return F.normalize(self.head(features), dim=1)

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        return self.classify(self.features(images))

    def embeddings(self, images: torch.Tensor) -> torch.Tensor:
        return self.project(self.features(images))

    def through(self, module: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
        return module(inputs)


def network_for(method: AnyMethod, kind: str) -> MethodNetwork:
    classifier, scale = method.classifier or "linear", method.classifier_scale
    if kind == "around":
        return make(Encoder(), classifier=classifier, classifier_scale=scale)
    return Bare(classifier, scale)


@pytest.mark.parametrize("kind", ["around", "bare"])
@pytest.mark.parametrize("name", METHODS)
def test_network_of_somebody_else_is_trained_by_every_method(
    name: str, kind: str, pictures: torch.Tensor, generator: Generator
) -> None:
    data = training_data(pictures, torch.arange(24) % 3, torch.arange(24) < 6)
    method = create_method(name, context())
    network = network_for(method, kind)
    assert isinstance(network, MethodNetwork)
    before = [value.clone() for value in network.parameters()]
    method.attach(network)
    start(method, network, data)
    optimizer = torch.optim.SGD([*network.parameters(), *method.parameters()], lr=0.1)
    first = make_batch(generator, method.views)
    second = make_batch(generator, method.second_views) if method.second_views else None
    draws = np.random.default_rng(0)
    step = Step(batch=first, second=second, network=network.train(), generator=draws)
    take_step(method, optimizer, step, sharpness_radius=0.05)
    after = list(network.parameters())
    assert all(value.isfinite().all() for value in after)
    # The first layer of the encoder has learnt.
    assert not torch.equal(before[0], after[0])


def test_saved_network_needs_an_encoder_like_its_own(tmp_path: Path, generator: Generator) -> None:
    network = make(Encoder()).eval()
    network.save_pretrained(tmp_path / "model")
    images = torch.randn(2, 3, 8, 8, generator=generator)
    again = Network.from_pretrained(tmp_path / "model", Encoder())
    assert torch.equal(again.logits(images), network.logits(images))
    with pytest.raises(UserError, match="its encoder is not one of this package"):
        Network.from_pretrained(tmp_path / "model")
