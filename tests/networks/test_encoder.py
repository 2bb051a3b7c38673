import pytest
import torch
import torchvision
from torch import Generator

from sau.networks import Network, NetworkConfig, feature_size


@pytest.mark.parametrize(
    ("backbone", "width", "features"),
    [
        ("resnet8", 3, 12),
        ("resnet32", 64, 256),
        ("resnet18", 64, 512),
        ("resnet50", 64, 2048),
        ("resnext50_32x4d", 64, 2048),
    ],
)
def test_feature_size(backbone: str, width: int, features: int) -> None:
    assert feature_size(backbone, width) == features


def test_resnet18_is_torchvisions(generator: Generator) -> None:
    """The same weights in torchvision's own network give the same scores."""
    network = Network(NetworkConfig("resnet18", 64, 7), seed=1).eval()
    whole = torchvision.models.resnet18(num_classes=7).eval()
    weights = {
        name.removeprefix("encoder.network.").replace("classifier.", "fc."): value
        for name, value in network.state_dict().items()
    }
    whole.load_state_dict(weights)
    images = torch.randn(2, 3, 64, 64, generator=generator)
    torch.testing.assert_close(network(images), whole(images))


def test_weights_of_torchvision_are_drawn_by_torchvision() -> None:
    torch.manual_seed(1)
    expected = torchvision.models.resnet18().state_dict()["layer1.0.conv1.weight"]
    found = Network(NetworkConfig("resnet18", 64, 7), seed=1).state_dict()
    torch.testing.assert_close(found["encoder.network.layer1.0.conv1.weight"], expected)


def test_unknown_encoder_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^backbone: 'vit', expected resnet20.*Network\.around"):
        Network(NetworkConfig("vit", 2, 3))
