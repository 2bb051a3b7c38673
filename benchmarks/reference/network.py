"""The CIFAR residual network with its two heads, in PyTorch's own memory order.

Its parameters have the names of `sau.networks.Network`'s, so weights can be copied.
"""

import torch.nn.functional as F
from torch import Tensor, nn


class Block(nn.Module):
    """Two 3x3 convolutions around an option-A shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.stride, self.added = stride, outputs - inputs

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        out = F.relu(self.bn1(self.conv1(images)))
        out = self.bn2(self.conv2(out))
        if self.stride != 1 or self.added:
            images = images[:, :, :: self.stride, :: self.stride]
            images = F.pad(images, (0, 0, 0, 0, self.added // 2, self.added // 2))
        out += images
        return F.relu(out)


class Encoder(nn.Module):
    """Three stages and the average pooling, `depth` = 6 n + 2."""

    def __init__(self, depth: int, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(width)
        blocks = (depth - 2) // 6
        self.stage1 = self._stage(width, width, blocks, 1)
        self.stage2 = self._stage(width, 2 * width, blocks, 2)
        self.stage3 = self._stage(2 * width, 4 * width, blocks, 2)

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, 3, H, W) to (B, 4 * width)."""
        out = F.relu(self.bn(self.conv(images)))
        out = self.stage3(self.stage2(self.stage1(out)))
        return F.avg_pool2d(out, out.shape[3]).flatten(1)

    @staticmethod
    def _stage(inputs: int, outputs: int, blocks: int, stride: int) -> nn.Sequential:
        rest = [Block(outputs, outputs, 1) for _ in range(blocks - 1)]
        return nn.Sequential(Block(inputs, outputs, stride), *rest)


class Projection(nn.Module):
    """Two hidden layers with BatchNorm, a linear output."""

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(inputs, hidden, bias=False),
            nn.BatchNorm1d(hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, hidden, bias=False),
            nn.BatchNorm1d(hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, outputs),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map (B, inputs) to (B, outputs), of length 1."""
        return F.normalize(self.layers(features), dim=1)


class PlainNetwork(nn.Module):
    """Encoder, classifier and projection head."""

    def __init__(
        self, depth: int, width: int, classes: int, hidden: int = 2048, outputs: int = 128
    ) -> None:
        super().__init__()
        self.encoder = Encoder(depth, width)
        self.classifier = nn.Linear(4 * width, classes)
        self.projection = Projection(4 * width, hidden, outputs)
        self.embedding_size = outputs

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Map images (B, 3, H, W) to embeddings (B, outputs) and class scores (B, classes)."""
        features = self.encoder(images)
        return self.projection(features), self.classifier(features)

    def embeddings(self, images: Tensor) -> Tensor:
        """Map images (B, 3, H, W) to embeddings alone."""
        embeddings: Tensor = self.projection(self.encoder(images))
        return embeddings

    def logits(self, images: Tensor) -> Tensor:
        """Map images (B, 3, H, W) to class scores alone."""
        logits: Tensor = self.classifier(self.encoder(images))
        return logits
