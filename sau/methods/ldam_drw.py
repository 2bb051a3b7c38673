"""LDAM with deferred re-weighting."""

import numpy as np
from torch import Tensor

from sau.data.batches import Batch
from sau.losses.class_balanced import effective_number_weights
from sau.losses.ldam import label_margins, margin_cross_entropy
from sau.methods.base import Epoch, Losses, Method, Task
from sau.methods.options import LdamDrwOptions
from sau.networks import Network
from sau.settings.section import Section


class LdamDrw(Method):
    """Cosine classifier with larger margins for rare classes, and class weights late in training.

    Source: Cao et al., "Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss"
    (NeurIPS 2019).
    """

    classifier = "cosine"

    def __init__(self, options: Section, task: Task) -> None:
        super().__init__(options, task)
        assert isinstance(options, LdamDrwOptions)
        self.ldam = options
        self.classifier_scale = options.scale
        self.margins = options.scale * label_margins(task.class_counts, options.largest_margin)
        self.weights: Tensor | None = None

    def start_epoch(self, epoch: Epoch) -> None:
        """Weigh the classes once `reweight_from` of the epochs are over."""
        late = epoch.number > round(self.ldam.reweight_from * self.task.epochs)
        counts = self.task.class_counts
        self.weights = effective_number_weights(counts, self.ldam.beta) if late else None

    def loss(
        self, batch: Batch, second: Batch | None, network: Network, generator: np.random.Generator
    ) -> Losses:
        """Return the cross-entropy with margins; neither `second` nor `generator` is read."""
        del second, generator
        logits = network.logits(batch.views["v1"])
        return {"total": margin_cross_entropy(logits, batch.labels, self.margins, self.weights)}
