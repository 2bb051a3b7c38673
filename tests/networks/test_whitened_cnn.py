import math

import pytest
import torch
from torch import Generator, Tensor, nn

from sau.networks import Network, NetworkConfig, feature_size
from sau.networks.batch_norm import SyncBatchNorm, synchronise
from sau.networks.whitened_cnn import SMALLEST_SIDE, WhitenedCnn, whitening_filters


def patches_of(images: Tensor) -> Tensor:
    """All 2 x 2 patches of (N, 3, H, W), float64 (n, 12), channel by channel, by plain loops."""
    _, _, height, width = images.shape
    corners = [(row, column) for row in range(height - 1) for column in range(width - 1)]
    found = [images[:, :, row : row + 2, column : column + 2].flatten(1) for row, column in corners]
    return torch.cat(found).double()


@pytest.fixture
def correlated(generator: Generator) -> Tensor:
    """Smooth images whose channels resemble each other, as photographs' do."""
    grey = torch.randn(300, 1, 8, 8, generator=generator).cumsum(dim=2).cumsum(dim=3)
    return 0.2 * grey + 0.1 * torch.randn(300, 3, 8, 8, generator=generator)


def test_filters_whiten_patches(correlated: Tensor) -> None:
    filters = whitening_filters([correlated]).double().flatten(1)
    white = patches_of(correlated) @ filters.T
    moments = white.T @ white / len(white)
    assert (moments - moments.diag().diag()).abs().max() < 1e-4
    # Below 1 by the epsilon that is added to each eigenvalue.
    assert moments.diag().max() == pytest.approx(1, abs=1e-3)
    assert moments.diag().min() > 0.9


def test_filters_do_not_depend_on_the_order_of_images(correlated: Tensor) -> None:
    turned = whitening_filters([correlated.flip(0)])
    torch.testing.assert_close(turned, whitening_filters([correlated]), rtol=1e-3, atol=1e-3)


def test_first_layer_has_both_signs_and_does_not_learn(correlated: Tensor) -> None:
    encoder = WhitenedCnn(4)
    encoder.whiten([correlated[:100], correlated[100:]])
    weight = encoder.whitening.weight
    assert torch.equal(weight[:12], -weight[12:])
    torch.testing.assert_close(weight[:12], whitening_filters([correlated]))
    learning = {name for name, _ in encoder.named_parameters()}
    assert "whitening.weight" not in learning
    assert "whitening.weight" in encoder.state_dict()
    assert not any(name.endswith("norm1.weight") for name in learning)
    assert "group1.norm1.bias" in learning


def test_convolutions_pass_their_first_channels_on(generator: Generator) -> None:
    group = WhitenedCnn(30).group1
    images = torch.randn(2, 24, 6, 6, generator=generator)
    found = group.conv1(images)
    torch.testing.assert_close(found[:, :24], images)
    hidden = torch.randn(2, 30, 5, 5, generator=generator)
    torch.testing.assert_close(group.conv2(hidden), hidden)


@pytest.mark.parametrize("side", [SMALLEST_SIDE, 16, 32, 50])
def test_features(side: int, generator: Generator) -> None:
    """Against the layers one by one, in eval mode, with statistics that do something."""
    encoder = WhitenedCnn(3)
    images = torch.randn(4, 3, side, side + 3, generator=generator)
    encoder(images)
    encoder.eval()
    hidden = nn.functional.gelu(nn.functional.conv2d(images, encoder.whitening.weight))
    for group in (encoder.group1, encoder.group2, encoder.group3):
        hidden = nn.functional.max_pool2d(
            nn.functional.conv2d(hidden, group.conv1.weight, padding=1), 2
        )
        for norm, after in ((group.norm1, group.conv2), (group.norm2, None)):
            mean, variance = norm.running_mean, norm.running_var
            assert mean is not None
            assert variance is not None
            shifted = (hidden - mean[:, None, None]) / variance.sqrt()[:, None, None]
            hidden = nn.functional.gelu(shifted + norm.bias[:, None, None])
            if after is not None:
                hidden = nn.functional.conv2d(hidden, after.weight, padding=1)
    expected = hidden.amax(dim=(2, 3)) / math.sqrt(12)
    torch.testing.assert_close(encoder(images), expected, rtol=1e-4, atol=1e-5)


def test_too_small_an_image_has_no_features() -> None:
    with pytest.raises(RuntimeError):
        WhitenedCnn(3)(torch.zeros(2, 3, SMALLEST_SIDE - 1, SMALLEST_SIDE - 1))


def test_size_is_known_without_weights() -> None:
    assert feature_size("whitened_cnn", 64) == 256


def test_network_is_the_same_for_a_seed() -> None:
    config = NetworkConfig("whitened_cnn", 4, 3)
    one, same, other = (Network(config, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[name], value) for name, value in same.items())
    assert not torch.equal(one["encoder.group2.conv1.weight"], other["encoder.group2.conv1.weight"])


def test_scales_stay_fixed_where_processes_share_rows(generator: Generator) -> None:
    encoder = WhitenedCnn(3)
    images = torch.randn(4, 3, 16, 16, generator=generator)
    expected = encoder(images)
    names = [name for name, _ in encoder.named_parameters()]
    synchronise(encoder)
    assert isinstance(encoder.group1.norm1, SyncBatchNorm)
    assert [name for name, _ in encoder.named_parameters()] == names
    assert "group1.norm1.weight" not in encoder.state_dict()
    torch.testing.assert_close(encoder(images), expected)
