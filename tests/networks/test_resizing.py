import numpy as np
import pytest
import torch
from PIL import Image

from sau.networks import Network, NetworkConfig
from sau.networks.resizing import Interpolation, resized

PILLOW = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize("side", [7, 12, 40])
def test_resizing_is_pillows(
    interpolation: Interpolation, side: int, pictures: torch.Tensor
) -> None:
    """But for rounding to bytes, and for values beyond them, which Pillow cuts."""
    found = resized(pictures.float(), side, interpolation).clamp(0, 255)
    for picture, ours in zip(pictures[:4], found[:4], strict=True):
        image = Image.fromarray(picture.permute(1, 2, 0).numpy())
        theirs = np.asarray(image.resize((side, side), PILLOW[interpolation]))
        assert np.abs(ours.permute(1, 2, 0).numpy() - theirs).max() < 1.6


def test_resizing_normalised_images_is_normalising_resized_ones(pictures: torch.Tensor) -> None:
    images = pictures.double()
    found = resized((images - 100) / 50, 20, "bicubic")
    torch.testing.assert_close(found, (resized(images, 20, "bicubic") - 100) / 50)


def test_network_resizes_at_its_entrance(pictures: torch.Tensor) -> None:
    images = pictures.float() / 255
    network = Network(NetworkConfig("resnet8", 2, 3, input_size=20, interpolation="bilinear"))
    plain = Network(NetworkConfig("resnet8", 2, 3))
    network.eval()
    plain.eval()
    torch.testing.assert_close(network(images), plain(resized(images, 20, "bilinear")))
    assert resized(images, None, "bicubic") is images
