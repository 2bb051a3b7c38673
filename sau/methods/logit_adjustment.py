"""The logit-adjusted loss."""

import numpy as np

from sau.data.batches import Batch
from sau.losses.logit_adjustment import logit_adjusted_cross_entropy
from sau.methods.base import Losses, Method, Task
from sau.methods.options import LogitAdjustmentOptions
from sau.networks import Network
from sau.settings.section import Section


class LogitAdjustment(Method):
    """Cross-entropy of logits to which tau times the log of the class prior is added in training.

    Source: Menon et al., "Long-Tail Learning via Logit Adjustment" (ICLR 2021).
    """

    def __init__(self, options: Section, task: Task) -> None:
        super().__init__(options, task)
        assert isinstance(options, LogitAdjustmentOptions)
        self.tau = options.tau

    def loss(
        self, batch: Batch, second: Batch | None, network: Network, generator: np.random.Generator
    ) -> Losses:
        """Return the mean adjusted cross-entropy; neither `second` nor `generator` is read."""
        del second, generator
        logits = network.logits(batch.views["v1"])
        counts = self.task.class_counts
        return {"total": logit_adjusted_cross_entropy(logits, batch.labels, counts, self.tau)}
