"""Hybrid-SC: from contrastive learning of the features to learning of the classifier."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from sau.data.batches import Batch
from sau.losses.hybrid_sc import contrastive_share, supervised_contrastive_loss
from sau.methods.base import Epoch, Losses, Method, Task
from sau.methods.options import HybridScOptions
from sau.networks import Network
from sau.settings.section import Section
from sau.views import ViewName


class HybridSc(Method):
    """alpha * supervised contrastive loss + (1 - alpha) * cross-entropy; alpha falls by epochs.

    The contrastive loss sees two views of a batch, the cross-entropy one of a second batch in which
    all classes are equally likely.

    Source: Wang et al., "Contrastive Learning based Hybrid Networks for Long-Tailed Image
    Classification" (CVPR 2021).
    """

    views: tuple[ViewName, ...] = ("grey", "grey_again")
    second_views: tuple[ViewName, ...] = ("grey",)
    needs_projection = True

    def __init__(self, options: Section, task: Task) -> None:
        super().__init__(options, task)
        assert isinstance(options, HybridScOptions)
        self.temperature = options.temperature
        self.share = 1.0

    def second_class_weights(self) -> Tensor:
        """Return 1 / n of each class, so that all are equally likely."""
        return 1 / self.task.class_counts.clamp(min=1)

    def start_epoch(self, epoch: Epoch) -> None:
        """Set the weight of the contrastive loss."""
        self.share = contrastive_share(epoch.number, self.task.epochs)

    def loss(
        self, batch: Batch, second: Batch | None, network: Network, generator: np.random.Generator
    ) -> Losses:
        """Return `total` and its parts, unweighted; `generator` is not read."""
        del generator
        assert second is not None
        pairs = torch.cat([batch.views[name] for name in self.views])
        embeddings = torch.stack(network.embeddings(pairs).chunk(2), dim=1)
        contrastive = supervised_contrastive_loss(embeddings, batch.labels, self.temperature)
        classification = F.cross_entropy(network.logits(second.views["grey"]), second.labels)
        total = self.share * contrastive + (1 - self.share) * classification
        return {"total": total, "contrastive": contrastive, "classification": classification}
