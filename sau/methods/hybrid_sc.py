"""Hybrid-SC: from contrastive learning of the features to learning of the classifier."""

import torch
import torch.nn.functional as F
from torch import Tensor

from sau.losses.supervised_contrastive import supervised_contrastive_loss
from sau.methods.base import Epoch, Losses, Method, MethodContext, Step
from sau.settings.section import Section, setting
from sau.views import ViewName


class HybridScOptions(Section):
    """Options of Hybrid-SC; the default is the paper's for CIFAR."""

    temperature: float = setting(0.1, "of the contrastive loss", above=0)


class HybridSc(Method[HybridScOptions]):
    """alpha * supervised contrastive loss + (1 - alpha) * cross-entropy; alpha falls by epochs.

    The contrastive loss sees two views of a batch, the cross-entropy one of a second batch in which
    all classes are equally likely.

    Source: Wang et al., "Contrastive Learning based Hybrid Networks for Long-Tailed Image
    Classification" (CVPR 2021).
    """

    title = "Hybrid-SC"
    source = "Wang et al., CVPR 2021"
    Options = HybridScOptions
    views: tuple[ViewName, ...] = ("grey", "grey_again")
    second_views: tuple[ViewName, ...] = ("grey",)
    needs_projection = True

    def __init__(self, options: HybridScOptions, context: MethodContext) -> None:
        super().__init__(options, context)
        self.share = 1.0

    def second_class_weights(self) -> Tensor:
        """Return 1 / n of each class, so that all are equally likely."""
        return 1 / self.context.class_counts.clamp(min=1)

    def start_epoch(self, epoch: Epoch) -> None:
        """Set the weight of the contrastive loss."""
        self.share = contrastive_share(epoch.number, self.context.epochs)

    def loss(self, step: Step) -> Losses:
        """Return `total` and its parts, unweighted."""
        batch, second = step.pair
        pairs = torch.cat([batch.views[name] for name in self.views])
        embeddings = torch.stack(step.network.embeddings(pairs).chunk(2), dim=1)
        temperature = self.options.temperature
        contrastive = supervised_contrastive_loss(embeddings, batch.labels, temperature)
        logits = step.network.logits(second.views["grey"])
        classification = F.cross_entropy(logits, second.labels)
        total = self.share * contrastive + (1 - self.share) * classification
        return {"total": total, "contrastive": contrastive, "classification": classification}


def contrastive_share(epoch: int, epochs: int) -> float:
    """Return alpha = 1 - (T / T_max)^2, the weight of the contrastive loss in `epoch`.

    T counts from 0: the first of the `epochs` learns from the contrastive loss alone, and later
    ones ever more from the cross-entropy.

    Source: Wang et al. (CVPR 2021), the parabolic decay.
    """
    return 1 - ((epoch - 1) / epochs) ** 2
