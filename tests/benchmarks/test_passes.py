"""The joint pass computes what SAU's four passes compute."""

import torch

from benchmarks.passes import VIEWS, backward, four_losses, joint_losses, joint_of
from sau.networks import Network, NetworkConfig


def test_joint_pass_has_the_losses_gradients_and_statistics_of_four() -> None:
    network = Network(NetworkConfig("resnet8", 4, 3, 8, 4), seed=0).train()
    joint = joint_of(network)
    generator = torch.Generator().manual_seed(0)
    # Unlike views, whose joint statistics would be others.
    views = [
        scale * torch.randn(6, 3, 16, 16, generator=generator) for scale in range(1, len(VIEWS) + 1)
    ]
    apart, together = four_losses(network, views), joint_losses(joint, views)
    assert torch.allclose(torch.stack(apart), torch.stack(together), rtol=1e-4)
    backward(network, apart)
    backward(joint, together)
    pairs = list(zip(network.parameters(), joint.parameters(), strict=True))
    largest = max(float(one.grad.abs().max()) for one, _ in pairs if one.grad is not None)
    assert largest > 0
    for one, other in pairs:
        assert torch.allclose(one.grad, other.grad, atol=1e-4 * largest)
    for one, other in zip(network.buffers(), joint.buffers(), strict=True):
        assert torch.allclose(one.float(), other.float(), rtol=1e-4, atol=1e-5)
