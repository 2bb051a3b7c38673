"""A small convolutional network for 32x32 images that learns much from few passes."""

import math
from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PATCH, FILTERS = 2, 24
"""Side of the whitened patches in pixels, and their filters: both signs of 3 x 2 x 2 directions."""

SMALLEST_SIDE = 9
"""Of the images, in pixels; of smaller ones the last group would have nothing left."""

WHITENING_EPSILON = 5e-4
"""Added to the eigenvalues of the patches' covariance, so that directions of no variance stay."""


class BiasedBatchNorm2d(nn.BatchNorm2d):
    """BatchNorm whose scale stays 1 and whose statistics follow quickly.

    Before an activation that is nearly scale-free, a learned scale only takes part of the step of
    the layer behind it.

    Args:
        channels: C.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=1e-12, momentum=0.4)
        scale = self.weight.detach()
        del self.weight
        self.register_buffer("weight", scale, persistent=False)


class ConvGroup(nn.Module):
    """Convolution, halving, and another convolution, each with BatchNorm and GELU.

    Args:
        inputs: channels before.
        outputs: channels after.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.norm1 = BiasedBatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = BiasedBatchNorm2d(outputs)

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, inputs, H, W) to (B, outputs, floor(H / 2), floor(W / 2))."""
        images = F.gelu(self.norm1(F.max_pool2d(self.conv1(images), 2)))
        return F.gelu(self.norm2(self.conv2(images)))


class WhitenedCnn(nn.Module):
    """Whitened patches, three groups of two convolutions, and the largest value of each channel.

    The first layer's weights do not learn; `whiten` makes them from training images. The features
    are divided by the root of their number, so that a classifier on them learns at the rate that
    its weights' size asks for, whatever the width.

    Args:
        width: channels of the first group; the others have four times as many.

    Source: the ideas are those of Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU" (2024):
    whitening (after Page, 2018), identity at the start (DiracNets, Zagoruyko and Komodakis, 2017),
    BatchNorm without a scale, maxima for pooling.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.whitening = nn.Conv2d(3, FILTERS, PATCH)
        self.group1 = ConvGroup(FILTERS, width)
        self.group2 = ConvGroup(width, 4 * width)
        self.group3 = ConvGroup(4 * width, 4 * width)
        self.feature_size = 4 * width
        filters = self.whitening.weight.detach()
        del self.whitening.weight
        self.whitening.register_buffer("weight", filters)
        self._initialise()

    def forward(self, images: Tensor) -> Tensor:
        """Map normalised images (B, 3, H, W), H and W at least 9, to features (B, 4 * width)."""
        hidden = self.group1(F.gelu(self.whitening(images)))
        hidden = self.group3(self.group2(hidden))
        largest: Tensor = F.max_pool2d(hidden, hidden.shape[2:]).flatten(1)
        return largest / math.sqrt(self.feature_size)

    @torch.no_grad()
    def _initialise(self) -> None:
        """Let each convolution pass its first channels on; the others stay as PyTorch draws them.

        So do the whitening's, until `whiten` is called.
        """
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d) and layer is not self.whitening:
                nn.init.dirac_(layer.weight[: layer.in_channels])
        assert self.whitening.bias is not None
        nn.init.zeros_(self.whitening.bias)

    @torch.no_grad()
    def whiten(self, batches: Iterable[Tensor]) -> None:
        """Make the first layer's weights from images, and set its biases to 0.

        Args:
            batches: normalised float32 (n, 3, H, W) each, some thousands of images in all.
        """
        filters = whitening_filters(batches).to(self.whitening.weight)
        self.whitening.weight.copy_(torch.cat([filters, -filters]))
        assert self.whitening.bias is not None
        self.whitening.bias.zero_()


def whitening_filters(batches: Iterable[Tensor]) -> Tensor:
    """Return the directions in which 2 x 2 patches vary, each divided by its deviation.

    With L and V the eigenvalues and eigenvectors of the patches' second moments, the rows are those
    of (L + epsilon)^(-1/2) V', in the order of L from the smallest on; of a direction and its
    opposite, the one whose largest entry is positive.

    Args:
        batches: normalised float32 (n, 3, H, W) each; only the patches of one are in memory.

    Returns float32 (12, 3, 2, 2), on the CPU.
    """
    size, count = 3 * PATCH * PATCH, 0
    moments = torch.zeros(size, size, dtype=torch.float64)
    for some in batches:
        patches = F.unfold(some.double().cpu(), PATCH).transpose(0, 1).flatten(1)
        moments += patches @ patches.T
        count += patches.shape[1]
    values, vectors = torch.linalg.eigh(moments / count)
    largest = vectors.gather(0, vectors.abs().argmax(dim=0, keepdim=True))
    scaled = vectors * largest.sign() / (values + WHITENING_EPSILON).sqrt()
    filters: Tensor = scaled.T.reshape(-1, 3, PATCH, PATCH).float()
    return filters
