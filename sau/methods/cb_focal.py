"""Class-balanced focal loss."""

import math

import numpy as np
import torch

from sau.data.batches import Batch
from sau.losses.class_balanced import effective_number_weights
from sau.losses.focal import sigmoid_focal_loss
from sau.methods.base import Epoch, Losses, Method, Task
from sau.methods.options import CbFocalOptions
from sau.networks import Network
from sau.settings.section import Section


class CbFocal(Method):
    """The focal loss on sigmoids, weighted by the effective number of images of the label's class.

    Source: Cui et al., "Class-Balanced Loss Based on Effective Number of Samples" (CVPR 2019).
    """

    classifier = "linear"

    def __init__(self, options: Section, task: Task) -> None:
        super().__init__(options, task)
        assert isinstance(options, CbFocalOptions)
        self.gamma = options.gamma
        self.weights = effective_number_weights(task.class_counts, options.beta)

    @torch.no_grad()
    def start_epoch(self, epoch: Epoch) -> None:
        """Let a new classifier give each class the probability 1 / C, as section 5.2 asks for.

        With biases of 0, C sigmoids of 1/2 make the first losses huge. A classifier that an earlier
        stage has trained stays as it is.
        """
        bias = epoch.network.classifier.bias
        if epoch.number == 1 and not bias.any():
            bias.fill_(-math.log(self.task.classes - 1))

    def loss(
        self, batch: Batch, second: Batch | None, network: Network, generator: np.random.Generator
    ) -> Losses:
        """Return the mean weighted focal loss; neither `second` nor `generator` is read."""
        del second, generator
        logits = network.logits(batch.views["v1"])
        return {"total": sigmoid_focal_loss(logits, batch.labels, self.weights, self.gamma)}
