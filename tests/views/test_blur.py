import pytest
import torch
from torch import Generator, Tensor
from torchvision.transforms.v2 import functional as vision

from sau.views.blur import gaussian_blur, kernel_size, random_blur


@pytest.mark.parametrize("size", [3, 7])
def test_blur_equals_torchvision_image_by_image(
    size: int, pictures: Tensor, generator: Generator
) -> None:
    images = pictures.float() / 255
    sigmas = 0.1 + 1.9 * torch.rand(len(images), generator=generator)
    expected = [
        vision.gaussian_blur(image, [size, size], [float(s), float(s)])
        for image, s in zip(images, sigmas, strict=True)
    ]
    found = gaussian_blur(images, size, sigmas)
    torch.testing.assert_close(found, torch.stack(expected), atol=2e-6, rtol=0)


@pytest.mark.parametrize(("side", "expected"), [(8, 3), (16, 3), (32, 3), (64, 7), (224, 23)])
def test_kernel_is_a_tenth_and_odd(side: int, expected: int) -> None:
    assert kernel_size(side) == expected


def test_share_of_blurred_images(generator: Generator) -> None:
    images = torch.rand(2000, 3, 4, 4, generator=generator)
    changed = (random_blur(images, (0.5, 2.0), 0.5, generator) != images).flatten(1).any(dim=1)
    assert abs(changed.float().mean() - 0.5) < 0.04


def test_blur_of_no_image_changes_nothing(pictures: Tensor, generator: Generator) -> None:
    images = pictures.float()
    assert torch.equal(random_blur(images, (0.1, 2.0), 0.0, generator), images)
