import pytest
import torch
from torch import Generator

from sau.networks.resnet_cifar import BasicBlock, ResNetCifar


def test_shortcut_subsamples_and_pads_channels_with_zeros(generator: Generator) -> None:
    block = BasicBlock(4, 8, stride=2)
    images = torch.randn(2, 4, 6, 6, generator=generator)
    found = block.shortcut(images)
    assert found.shape == (2, 8, 3, 3)
    assert torch.equal(found[:, 2:6], images[:, :, ::2, ::2])
    assert not found[:, :2].any()
    assert not found[:, 6:].any()


def test_shortcut_has_no_parameters_and_is_added(generator: Generator) -> None:
    block = BasicBlock(4, 8, stride=2).eval()
    torch.nn.init.zeros_(block.bn2.weight)  # silences the residual
    images = torch.randn(2, 4, 5, 5, generator=generator)
    assert torch.equal(block(images), block.shortcut(images).relu())
    assert {name.split(".")[0] for name, _ in block.named_parameters()} == {
        "conv1",
        "bn1",
        "conv2",
        "bn2",
    }


@pytest.mark.parametrize(("depth", "blocks"), [(8, 1), (20, 3), (32, 5)])
def test_depth_counts_layers(depth: int, blocks: int) -> None:
    network = ResNetCifar(depth, 2)
    convolutions = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d)]
    assert len(convolutions) == depth - 1
    assert len(network.stage1) == len(network.stage3) == blocks


def test_features(generator: Generator) -> None:
    features = ResNetCifar(8, 3)(torch.randn(2, 3, 9, 9, generator=generator))
    assert features.shape == (2, 12)


@pytest.mark.parametrize("depth", [2, 18, 33])
def test_depth_of_another_form_is_refused(depth: int) -> None:
    with pytest.raises(ValueError, match="^depth: .* 6 n"):
        ResNetCifar(depth, 16)


def test_gradients_stay_channels_last(generator: Generator) -> None:
    """Mixed memory orders on the way back cost a third of the time, and nothing else shows it."""
    block = BasicBlock(4, 8, stride=2)
    images = torch.randn(2, 4, 6, 6, generator=generator)
    images = images.contiguous(memory_format=torch.channels_last).requires_grad_()
    torch.autograd.backward(block.shortcut(images).square().sum())
    assert images.grad is not None
    assert images.grad.is_contiguous(memory_format=torch.channels_last)
    expected = torch.zeros_like(images)
    expected[:, :, ::2, ::2] = 2 * images.detach()[:, :, ::2, ::2]
    assert torch.equal(images.grad, expected)
