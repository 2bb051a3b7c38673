"""MixUp alone, a rival of SAU."""

import numpy as np

from sau.data.batches import Batch
from sau.methods.base import Losses, Method, Task
from sau.methods.options import MixupOptions
from sau.networks import Network
from sau.settings.section import Section
from sau.views import mixing


class Mixup(Method):
    """Cross-entropy of images that are mixed with others of their batch, and so are their labels.

    Source: Zhang et al., "mixup: Beyond Empirical Risk Minimization" (ICLR 2018).
    """

    def __init__(self, options: Section, task: Task) -> None:
        super().__init__(options, task)
        assert isinstance(options, MixupOptions)
        self.alpha = options.alpha

    def loss(
        self, batch: Batch, second: Batch | None, network: Network, generator: np.random.Generator
    ) -> Losses:
        """Return the mean cross-entropy of the mixed batch; `second` is not read."""
        del second
        images, labels = batch.views["v1"], batch.labels
        ratio = float(generator.beta(self.alpha, self.alpha))
        partners = mixing.draw_partners(len(labels), generator, labels.device)
        mixed = mixing.mixup(images, batch.partners_of("v1", partners), ratio)
        targets = mixing.mix_labels(labels, labels[partners], ratio, self.task.classes)
        return {"total": mixing.soft_cross_entropy(network.logits(mixed), targets)}
