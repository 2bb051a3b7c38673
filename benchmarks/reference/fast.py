"""A plain training script of the fast lane's network: one view, cross-entropy, SGD."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision import transforms

from benchmarks.data import MEAN, STD, RandomImages
from benchmarks.reference.loader import Feed
from benchmarks.reference.trainer import Host

LEARNING_RATE, MOMENTUM = 0.01, 0.9


class PlainGroup(nn.Module):
    """Two convolutions around a pooling layer."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, inputs, H, W) to (B, outputs, floor(H / 2), floor(W / 2))."""
        images = F.gelu(self.norm1(F.max_pool2d(self.conv1(images), 2)))
        return F.gelu(self.norm2(self.conv2(images)))


class PlainWhitenedCnn(nn.Module):
    """The layers of `sau.networks.whitened_cnn`, in PyTorch's own memory order."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.whitening = nn.Conv2d(3, 24, 2)
        self.whitening.weight.requires_grad_(False)
        self.groups = nn.Sequential(
            PlainGroup(24, width), PlainGroup(width, 4 * width), PlainGroup(4 * width, 4 * width)
        )
        self.classifier = nn.Linear(4 * width, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Map images (B, 3, H, W) to class scores (B, classes)."""
        hidden = self.groups(F.gelu(self.whitening(images)))
        scores: Tensor = self.classifier(F.adaptive_max_pool2d(hidden, 1).flatten(1))
        return scores


class PlainFastLane:
    """The network, its optimizer and its loader, whose workers make views of Pillow images.

    Args:
        images: an epoch of them.
        width: of the network.
        batch_size: images of a batch.
        host: where it runs.
    """

    def __init__(self, images: RandomImages, width: int, batch_size: int, host: Host) -> None:
        self.device, self.steps = host.device, len(images.labels) // batch_size
        self.network = PlainWhitenedCnn(width, images.classes).to(host.device)
        learning = [p for p in self.network.parameters() if p.requires_grad]
        self.optimizer = torch.optim.SGD(learning, LEARNING_RATE, MOMENTUM, nesterov=True)
        side = images.pixels.shape[1]
        view = transforms.Compose(
            [
                transforms.RandomCrop(side, padding=2, padding_mode="reflect"),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize(MEAN, STD),
            ]
        )
        self.feed = Feed(images, [view], batch_size, host.workers, host.device.type == "cuda")

    def epoch(self) -> float:
        """Take an epoch's steps; return the mean loss."""
        self.network.train()
        total = 0.0
        with self.feed.open() as batches:
            for _ in range(self.steps):
                (images,), labels, _ = next(batches)
                scores = self.network(images.to(self.device))
                loss = F.cross_entropy(scores, labels.to(self.device))
                self.optimizer.zero_grad()
                torch.autograd.backward(loss)
                self.optimizer.step()
                total += loss.item()
        return total / self.steps

    def close(self) -> None:
        """End the loader's workers."""
        self.feed.close()
