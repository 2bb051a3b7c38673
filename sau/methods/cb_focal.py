"""Class-balanced focal loss."""

import math

import torch

from sau.losses.class_weights import effective_number_weights
from sau.losses.focal import sigmoid_focal_loss
from sau.methods.base import Epoch, Losses, Method, MethodContext, Step
from sau.settings.section import Section, setting


class CbFocalOptions(Section):
    """Options of the class-balanced focal loss; the defaults are the paper's for CIFAR-10-LT."""

    beta: float = setting(
        0.9999,
        "of the effective number of images; 0: all classes alike, towards 1: inverse frequency",
        minimum=0,
        maximum=0.999999999,
    )
    gamma: float = setting(1.0, "focus on hard examples; 0: binary cross-entropy", minimum=0)


class CbFocal(Method[CbFocalOptions]):
    """The focal loss on sigmoids, weighted by the effective number of images of the label's class.

    Source: Cui et al., "Class-Balanced Loss Based on Effective Number of Samples" (CVPR 2019).
    """

    title = "CB-Focal"
    source = "Cui et al., CVPR 2019"
    Options = CbFocalOptions
    classifier = "linear"

    def __init__(self, options: CbFocalOptions, context: MethodContext) -> None:
        super().__init__(options, context)
        self.weights = effective_number_weights(context.class_counts, options.beta)

    @torch.no_grad()
    def start_epoch(self, epoch: Epoch) -> None:
        """Let a new classifier give each class the probability 1 / C, as section 5.2 asks for.

        With biases of 0, C sigmoids of 1/2 make the first losses huge. A classifier that an earlier
        stage has trained stays as it is.
        """
        bias = epoch.network.classifier.bias
        if epoch.number == 1 and not bias.any():
            bias.fill_(-math.log(self.context.classes - 1))

    def loss(self, step: Step) -> Losses:
        """Return the mean weighted focal loss."""
        logits, labels = step.network.logits(step.batch.views["v1"]), step.batch.labels
        return {"total": sigmoid_focal_loss(logits, labels, self.weights, self.options.gamma)}
