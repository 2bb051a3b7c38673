"""The residual networks that He et al. built for 32x32 images: three stages, three widths."""

import torch.nn.functional as F
from torch import Tensor, nn


class BasicBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut without parameters (option A).

    Where a block halves the image and widens it, the shortcut takes every second row and column
    and pads the new channels with zeros, half of them before and half after the old ones.

    Source: He et al., "Deep Residual Learning for Image Recognition" (CVPR 2016), section 4.2.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.stride = stride
        self.new_channels = outputs - inputs

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, inputs, H, W) to (B, outputs, ceil(H / stride), ceil(W / stride))."""
        residual = F.relu(self.bn1(self.conv1(images)), inplace=True)
        residual = self.bn2(self.conv2(residual))
        residual += self.shortcut(images)
        return F.relu(residual, inplace=True)

    def shortcut(self, images: Tensor) -> Tensor:
        """Return `images`, subsampled and with zero channels where the block changes the shape."""
        if self.stride == 1 and self.new_channels == 0:
            return images
        # Every second pixel, by a pooling of one pixel: slices would give the gradient another
        # memory order than channels-last, which slows down all of the stage before.
        images = F.avg_pool2d(images, kernel_size=1, stride=self.stride)
        before = self.new_channels // 2
        return F.pad(images, (0, 0, 0, 0, before, self.new_channels - before))


class ResNetCifar(nn.Module):
    """CIFAR residual network of `depth` = 6 n + 2 layers, up to and with the average pooling.

    Args:
        depth: 8, 20, 32, 44, 56, ...; the last layer of the count is the classifier, which
            stands elsewhere.
        width: channels of the first blocks; the others have twice and four times as many.

    Raises:
        ValueError: a depth that is not 6 n + 2.

    Source: He et al. 2016, section 4.2; width 16 is theirs, 64 is that of SAU's tables.
    """

    def __init__(self, depth: int, width: int) -> None:
        super().__init__()
        if depth < 8 or (depth - 2) % 6:
            raise ValueError(f"depth: {depth}, expected 6 n + 2, such as 20 or 32")
        blocks = (depth - 2) // 6
        self.conv = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(width)
        self.stage1 = _stage(width, width, blocks, stride=1)
        self.stage2 = _stage(width, 2 * width, blocks, stride=2)
        self.stage3 = _stage(2 * width, 4 * width, blocks, stride=2)
        self.feature_size = 4 * width

    def forward(self, images: Tensor) -> Tensor:
        """Map normalised images (B, 3, H, W), H and W at least 4, to features (B, 4 * width)."""
        features = F.relu(self.bn(self.conv(images)), inplace=True)
        features = self.stage3(self.stage2(self.stage1(features)))
        # The gradient of a pooling layer, unlike that of a mean, is channels-last again; a gradient
        # in another order than its activation would slow down every layer on the way back.
        return F.avg_pool2d(features, features.shape[2:]).flatten(1)


def _stage(inputs: int, outputs: int, blocks: int, stride: int) -> nn.Sequential:
    rest = [BasicBlock(outputs, outputs, 1) for _ in range(blocks - 1)]
    return nn.Sequential(BasicBlock(inputs, outputs, stride), *rest)
