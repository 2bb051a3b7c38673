"""The plain training loop, in pieces that can be timed beside another."""

import dataclasses
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.data import MEAN, STD, RandomImages
from benchmarks.pieces import Pieces
from benchmarks.reference.loader import Feed, Loaded
from benchmarks.reference.loss import contrastive_loss, soft_cross_entropy
from benchmarks.reference.mixing import Mix, cutmix, draw_mix, mixup
from benchmarks.reference.network import PlainNetwork
from benchmarks.reference.views import cifar_transforms
from benchmarks.timing import synchronise


@dataclasses.dataclass(frozen=True)
class Host:
    """Where the reference runs: a device, and the worker processes of each of its loaders."""

    device: torch.device
    workers: int


class Reference:
    """A network, its optimizer and its loaders.

    As published, each loader makes all three views (of the second batch only v1 is used),
    every pass goes through both heads, and the prototypes come from a pass over all images. Lean,
    what no result uses is not made.

    Args:
        network: what to train.
        images: an epoch of them.
        batch_size: images of a batch.
        host: where to run.
        lean: leave out what the published code computes without using it.
    """

    def __init__(
        self,
        network: PlainNetwork,
        images: RandomImages,
        batch_size: int,
        host: Host,
        *,
        lean: bool = False,
    ) -> None:
        self.network = network.to(host.device)
        self.device = host.device
        self.lean = lean
        self.batch_size = batch_size
        self.classes = images.classes
        self.generator = np.random.default_rng(0)
        self.optimizer = torch.optim.SGD(
            network.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-3
        )
        shape = images.classes, 2, network.embedding_size
        self.prototypes = torch.zeros(shape, device=host.device)
        all_views = cifar_transforms(MEAN, STD, images.pixels.shape[1])
        pin = host.device.type == "cuda"
        feeds = [
            (images, all_views),
            (images, all_views[:1] if lean else all_views),
            (images.real(), all_views[1:]) if lean else (images, all_views),
        ]
        self.first, self.second, self.start = (
            Feed(part, views, batch_size, host.workers, pin) for part, views in feeds
        )

    def pieces(self, batches: int, steps: int) -> Pieces:
        """Pass `batches` for the prototypes, take `steps` steps; return what each took."""
        start = time.perf_counter()
        self.embed(batches)
        synchronise(self.device)
        middle = time.perf_counter()
        self.train(steps)
        synchronise(self.device)
        end = time.perf_counter()
        return Pieces(middle - start, batches * self.batch_size, end - middle, steps)

    def train(self, steps: int) -> dict[str, float]:
        """Take `steps` steps; return the sum of each loss."""
        self.network.train()
        sums = dict.fromkeys(("mixup", "cutmix", "contrastive", "total"), 0.0)
        with self.first.open() as first, self.second.open() as second:
            for _ in range(steps):
                batch, partner = next(first), next(second)
                height, width = batch[0][0].shape[2:]
                losses = self.losses(batch, partner, draw_mix(height, width, self.generator))
                loss = losses["mixup"] + losses["cutmix"] + losses["contrastive"]
                for name, value in (losses | {"total": loss}).items():
                    sums[name] += value.item()
                self.optimizer.zero_grad()
                torch.autograd.backward(loss)
                self.optimizer.step()
        return sums

    def losses(self, batch: Loaded, partner: Loaded, mix: Mix) -> dict[str, Tensor]:
        """Return the three losses of a batch of three views and its partner's first view."""
        views, labels, is_synthetic = self._on_device(batch)
        other, other_labels, _ = self._on_device(partner)
        targets = F.one_hot(labels, self.classes), F.one_hot(other_labels, self.classes)
        mixed = mixup(views[0], other[0], mix.mixup_ratio)
        pasted = cutmix(views[0], other[0], mix.box)
        mixed_logits, pasted_logits = self._logits(mixed), self._logits(pasted)
        features = torch.stack([self._embeddings(views[1]), self._embeddings(views[2])], dim=1)
        return {
            "mixup": soft_cross_entropy(mixed_logits, mixup(*targets, mix.mixup_ratio)),
            "cutmix": soft_cross_entropy(pasted_logits, mixup(*targets, mix.cutmix_ratio)),
            "contrastive": contrastive_loss(features, labels, is_synthetic, self.prototypes),
        }

    @torch.no_grad()
    def embed(self, batches: int) -> None:
        """Compute the prototypes from the real images of `batches`, gathered on the host."""
        self.network.eval()
        features = torch.empty(0, 2, self.network.embedding_size)
        groups = torch.empty(0, dtype=torch.int64)
        with self.start.open() as loaded:
            for _ in range(batches):
                views, labels, is_synthetic = next(loaded)
                pair = [self._embeddings(view.to(self.device)).cpu() for view in views[-2:]]
                features = torch.cat([features, torch.stack(pair, dim=1)[~is_synthetic]])
                groups = torch.cat([groups, labels[~is_synthetic]])
        # A piece of an epoch may lack a class, which then has the prototype 0.
        sums = [features[groups == label].sum(dim=0) for label in range(self.classes)]
        self.prototypes = F.normalize(torch.stack(sums), dim=2).to(self.device)

    def close(self) -> None:
        """End the workers."""
        for feed in (self.first, self.second, self.start):
            feed.close()

    def _on_device(self, batch: Loaded) -> Loaded:
        views, labels, is_synthetic = batch
        moved = [view.to(self.device) for view in views]
        return moved, labels.to(self.device), is_synthetic.to(self.device)

    def _logits(self, images: Tensor) -> Tensor:
        logits: Tensor = self.network.logits(images) if self.lean else self.network(images)[1]
        return logits

    def _embeddings(self, images: Tensor) -> Tensor:
        embeddings: Tensor = (
            self.network.embeddings(images) if self.lean else self.network(images)[0]
        )
        return embeddings
