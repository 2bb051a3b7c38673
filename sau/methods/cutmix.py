"""CutMix alone, a rival of SAU."""

import numpy as np
import torch.nn.functional as F

from sau.data.batches import Batch
from sau.methods.base import Losses, Method, Task
from sau.methods.options import CutmixOptions
from sau.networks import Network
from sau.settings.section import Section
from sau.views import mixing


class Cutmix(Method):
    """Cross-entropy of images with a box from others of their batch; labels are mixed by its area.

    Source: Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers with
    Localizable Features" (ICCV 2019).
    """

    def __init__(self, options: Section, task: Task) -> None:
        super().__init__(options, task)
        assert isinstance(options, CutmixOptions)
        self.cutmix = options

    def loss(
        self, batch: Batch, second: Batch | None, network: Network, generator: np.random.Generator
    ) -> Losses:
        """Return the mean cross-entropy of the batch, mixed or not; `second` is not read."""
        del second
        images, labels = batch.views["v1"], batch.labels
        if generator.random() >= self.cutmix.probability:
            return {"total": F.cross_entropy(network.logits(images), labels)}
        drawn = float(generator.beta(self.cutmix.alpha, self.cutmix.alpha))
        partners = mixing.draw_partners(len(labels), generator, labels.device)
        mixed, kept = mixing.cutmix(images, batch.partners_of("v1", partners), drawn, generator)
        ratio = kept if self.cutmix.label == "area" else drawn
        targets = mixing.mix_labels(labels, labels[partners], ratio, self.task.classes)
        return {"total": mixing.soft_cross_entropy(network.logits(mixed), targets)}
