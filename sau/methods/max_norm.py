"""MaxNorm: a classifier whose class weights stay within a ball."""

import numpy as np
import torch
from torch import Tensor

from sau.data.batches import Batch
from sau.losses.class_balanced import effective_number_weights
from sau.losses.weighted import weighted_binary_cross_entropy, weighted_cross_entropy
from sau.methods.base import Epoch, Losses, Method, Task
from sau.methods.options import MaxNormOptions
from sau.networks import Network
from sau.settings.section import Section


class MaxNorm(Method):
    """Class-balanced loss, with each class's weights projected into a ball after every step.

    Made for a second stage that trains the classifier alone. The radius is set once, at the start
    of the stage, from the weights that the classifier then has. Biases stay as they are.

    Source: Alshammari et al., "Long-Tailed Recognition via Weight Balancing" (CVPR 2022).
    """

    classifier = "linear"
    radius: Tensor

    def __init__(self, options: Section, task: Task) -> None:
        super().__init__(options, task)
        assert isinstance(options, MaxNormOptions)
        self.threshold = options.threshold
        self.classification_loss = {
            "cross_entropy": weighted_cross_entropy,
            "binary_cross_entropy": weighted_binary_cross_entropy,
        }[options.loss]
        self.class_weights = effective_number_weights(task.class_counts, options.beta)
        self.register_buffer("radius", torch.tensor(torch.inf))

    @torch.no_grad()
    def start_epoch(self, epoch: Epoch) -> None:
        """Set the radius, in the stage's first epoch."""
        if epoch.number == 1:
            norms = epoch.network.classifier.weight.norm(dim=1)
            self.radius.copy_(torch.lerp(norms.min(), norms.max(), self.threshold))

    def loss(
        self, batch: Batch, second: Batch | None, network: Network, generator: np.random.Generator
    ) -> Losses:
        """Return the class-balanced loss of the batch; neither `second` nor `generator` is read."""
        del second, generator
        logits = network.logits(batch.views["v1"])
        weights = self.class_weights[batch.labels]
        return {"total": self.classification_loss(logits, batch.labels, weights)}

    @torch.no_grad()
    def after_step(self, network: Network) -> None:
        """Project each class's weights into the ball: w <- w * min(1, radius / |w|)."""
        weight = network.classifier.weight
        norms = weight.norm(dim=1, keepdim=True)
        weight.mul_((self.radius / norms.clamp(min=1e-12)).clamp(max=1))
