"""Networks around an encoder that somebody else has made."""

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from torch import Generator, nn

from sau.core.errors import UserError
from sau.methods import METHODS, create_method
from sau.methods.base import Step
from sau.networks import MethodNetwork, Network
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


def test_around_keeps_the_encoders_weights_and_draws_heads_from_the_seed() -> None:
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


@pytest.mark.parametrize("name", METHODS)
def test_every_method_trains_a_network_around_an_encoder(
    name: str, pictures: torch.Tensor, generator: Generator
) -> None:
    data = training_data(pictures, torch.arange(24) % 3, torch.arange(24) < 6)
    method = create_method(name, context())
    kind = {"classifier": method.classifier} if method.classifier else {}
    network = make(Encoder(), classifier_scale=method.classifier_scale, **kind)
    before = [value.clone() for value in network.encoder.parameters()]
    method.attach(network)
    start(method, network, data)
    optimizer = torch.optim.SGD([*network.parameters(), *method.parameters()], lr=0.1)
    first = make_batch(generator, method.views)
    second = make_batch(generator, method.second_views) if method.second_views else None
    draws = np.random.default_rng(0)
    step = Step(batch=first, second=second, network=network.train(), generator=draws)
    torch.autograd.backward(method.loss(step)["total"])
    optimizer.step()
    method.after_step(network)
    after = list(network.encoder.parameters())
    assert all(value.isfinite().all() for value in after)
    assert any(not torch.equal(old, new) for old, new in zip(before, after, strict=True))


def test_saved_network_needs_an_encoder_like_its_own(tmp_path: Path, generator: Generator) -> None:
    network = make(Encoder()).eval()
    network.save_pretrained(tmp_path / "model")
    images = torch.randn(2, 3, 8, 8, generator=generator)
    again = Network.from_pretrained(tmp_path / "model", Encoder())
    assert torch.equal(again.logits(images), network.logits(images))
    with pytest.raises(UserError, match="its encoder is not one of this package"):
        Network.from_pretrained(tmp_path / "model")
