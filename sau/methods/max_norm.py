"""MaxNorm: a classifier whose class weights stay within a ball."""

from typing import Literal

import torch
from torch import Tensor

from sau.losses.class_weights import effective_number_weights
from sau.losses.classification import weighted_binary_cross_entropy, weighted_cross_entropy
from sau.methods.base import Epoch, Losses, Method, MethodContext, Step
from sau.networks.protocol import MethodNetwork
from sau.settings.section import Section, setting


class MaxNormOptions(Section):
    """Options of MaxNorm; the defaults are the authors' for CIFAR-100-LT, but for the loss."""

    threshold: float = setting(
        0.1,
        "the ball's radius, from the smallest (0) to the largest (1) norm of a class's weights at"
        " the stage's start",
        minimum=0,
        maximum=1,
    )
    loss: Literal["cross_entropy", "binary_cross_entropy"] = setting(
        "cross_entropy",
        "of the softmax, both weighted by class: the paper's, or the published code's",
    )
    beta: float = setting(
        0.9999,
        "of the effective number of images, by which classes are weighted; 0: all alike",
        minimum=0,
        maximum=0.999999999,
    )


class MaxNorm(Method[MaxNormOptions]):
    """Class-balanced loss, with each class's weights projected into a ball after every step.

    Made for a second phase that trains the classifier alone. The radius is set once, at the start
    of the stage, from the weights that the classifier then has. Biases stay as they are.

    Source: Alshammari et al., "Long-Tailed Recognition via Weight Balancing" (CVPR 2022).
    """

    title = "MaxNorm (second phase)"
    source = "Alshammari et al., CVPR 2022"
    Options = MaxNormOptions
    classifier = "linear"
    radius: Tensor

    def __init__(self, options: MaxNormOptions, context: MethodContext) -> None:
        super().__init__(options, context)
        self.classification_loss = {
            "cross_entropy": weighted_cross_entropy,
            "binary_cross_entropy": weighted_binary_cross_entropy,
        }[options.loss]
        self.class_weights = effective_number_weights(context.class_counts, options.beta)
        self.register_buffer("radius", torch.tensor(torch.inf))

    @torch.no_grad()
    def start_epoch(self, epoch: Epoch) -> None:
        """Set the radius, in the stage's first epoch."""
        if epoch.number == 1:
            norms = epoch.network.classifier.weight.norm(dim=1)
            self.radius.copy_(torch.lerp(norms.min(), norms.max(), self.options.threshold))

    def loss(self, step: Step) -> Losses:
        """Return the class-balanced loss of the batch."""
        logits, labels = step.network.logits(step.batch.views["v1"]), step.batch.labels
        return {"total": self.classification_loss(logits, labels, self.class_weights[labels])}

    @torch.no_grad()
    def after_step(self, network: MethodNetwork) -> None:
        """Project each class's weights into the ball: w <- w * min(1, radius / |w|)."""
        weight = network.classifier.weight
        norms = weight.norm(dim=1, keepdim=True)
        weight.mul_((self.radius / norms.clamp(min=1e-12)).clamp(max=1))
