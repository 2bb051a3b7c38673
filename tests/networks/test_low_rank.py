from pathlib import Path

import pytest
import torch
from torch import Generator, nn

from sau.core.errors import ArgumentError
from sau.networks import Network, NetworkConfig, seeded
from sau.networks.low_rank import add_low_rank, is_adapted, learning_weights, merge_low_rank


def adapted(backbone: str, side: int) -> Network:
    """Return a network whose low-rank matrices have learnt something."""
    network = Network(NetworkConfig(backbone, 0, 3, input_size=side)).eval()
    add_low_rank(network.encoder, 2)
    with seeded(3), torch.no_grad():
        for weight in learning_weights(network.encoder):
            weight.normal_(std=0.1)
    return network


@pytest.fixture(params=["timm", "open_clip"])
def network(request: pytest.FixtureRequest, open_clip_folder: Path) -> Network:
    names = {"timm": ("timm/test_vit", 32), "open_clip": (f"open_clip/{open_clip_folder.name}", 24)}
    return adapted(*names[request.param])


def test_matrices_start_without_effect(generator: Generator) -> None:
    network = Network(NetworkConfig("timm/test_vit", 0, 3, input_size=32)).eval()
    images = torch.randn(2, 3, 32, 32, generator=generator)
    before = network(images)
    add_low_rank(network.encoder, 4)
    assert torch.equal(network(images), before)
    learning = {id(weight) for weight in learning_weights(network.encoder)}
    assert learning == {id(p) for p in network.encoder.parameters() if p.requires_grad}
    # Both matrices of four layers in each of six blocks.
    assert len(learning) == 2 * 4 * 6


def test_adapted_layer_is_its_weight_and_a_product(generator: Generator) -> None:
    network = adapted("timm/test_vit", 32)
    layer = network.encoder.network.blocks[0].mlp.fc1  # type: ignore[union-attr, index]
    a, b = layer.lora_A["default"].weight, layer.lora_B["default"].weight
    assert (a.shape, b.shape) == ((2, layer.in_features), (layer.out_features, 2))
    inputs = torch.randn(3, layer.in_features, generator=generator)
    base = layer.base_layer
    expected = inputs @ (base.weight + b @ a).T + base.bias
    torch.testing.assert_close(layer(inputs), expected)


def test_merging_keeps_what_the_network_says(network: Network, generator: Generator) -> None:
    side = network.config.input_size
    images = torch.randn(2, 3, side, side, generator=generator)
    before = network(images)
    plain = Network(network.config)
    merge_low_rank(network.encoder)
    assert not is_adapted(network.encoder)
    torch.testing.assert_close(network(images), before, rtol=1e-4, atol=1e-4)
    assert set(network.state_dict()) == set(plain.state_dict())
    assert all(isinstance(p, nn.Parameter) and p.requires_grad for p in network.parameters())


def test_saved_network_needs_no_matrices(
    network: Network, tmp_path: Path, generator: Generator
) -> None:
    side = network.config.input_size
    images = torch.randn(2, 3, side, side, generator=generator)
    network.save_pretrained(tmp_path / "model")
    assert is_adapted(network.encoder)
    loaded = Network.from_pretrained(tmp_path / "model")
    torch.testing.assert_close(loaded(images), network(images), rtol=1e-4, atol=1e-4)
    assert loaded.parameter_counts()["at_test"] == network.parameter_counts()["at_test"]


@pytest.mark.parametrize("backbone", ["timm/test_efficientnet", "timm/test_convnext", "resnet8"])
def test_network_without_attention_is_refused(backbone: str) -> None:
    network = Network(NetworkConfig(backbone, 2, 3))
    with pytest.raises(ArgumentError, match=r"^lora_rank: 2, but the backbone has no attention"):
        add_low_rank(network.encoder, 2)
