"""Balanced Softmax."""

import numpy as np
import torch
from torch import Tensor

from sau.core.errors import UserError
from sau.data.batches import Batch
from sau.data.sets import TrainingData
from sau.losses.logit_adjustment import logit_adjusted_cross_entropy
from sau.methods.base import Epoch, Losses, Method, Task
from sau.methods.options import BalancedSoftmaxOptions
from sau.networks import Network
from sau.settings.section import Section


class BalancedSoftmax(Method):
    """Cross-entropy of a softmax whose terms are multiplied by the classes' image counts.

    Source: Ren et al., "Balanced Meta-Softmax for Long-Tailed Visual Recognition" (NeurIPS 2020).
    """

    def __init__(self, options: Section, task: Task) -> None:
        super().__init__(options, task)
        assert isinstance(options, BalancedSoftmaxOptions)
        self.of_real = options.counts == "real"
        self.counts = task.class_counts

    def check(self, data: TrainingData) -> None:
        """Refuse a class with synthetic images alone if real ones are counted: its prior is 0."""
        missing = ((self._counts(data) == 0) & (self.task.class_counts > 0)).nonzero()[:, 0]
        if len(missing):
            raise UserError(
                f"training.options.counts: real, but class {int(missing[0])} has no real training "
                "image; set it to training, or lower the imbalance factor"
            )

    def start_epoch(self, epoch: Epoch) -> None:
        """Count what is trained on."""
        self.counts = self._counts(epoch.data)

    def loss(
        self, batch: Batch, second: Batch | None, network: Network, generator: np.random.Generator
    ) -> Losses:
        """Return the mean Balanced Softmax loss; neither `second` nor `generator` is read."""
        del second, generator
        logits = network.logits(batch.views["v1"])
        return {"total": logit_adjusted_cross_entropy(logits, batch.labels, self.counts)}

    def _counts(self, data: TrainingData) -> Tensor:
        if not self.of_real:
            return self.task.class_counts
        return torch.bincount(data.labels[~data.is_synthetic], minlength=self.task.classes)
