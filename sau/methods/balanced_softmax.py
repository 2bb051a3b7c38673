"""Balanced Softmax."""

from typing import Literal

from sau.losses.logit_adjustment import balanced_softmax_cross_entropy
from sau.methods.base import Losses, Method, MethodContext, OptionError, Step
from sau.settings.section import Section, setting


class BalancedSoftmaxOptions(Section):
    """Options of Balanced Softmax."""

    counts: Literal["training", "real"] = setting(
        "training",
        "whose class counts are the prior: all that the stage trains on, or its real images alone",
    )


class BalancedSoftmax(Method[BalancedSoftmaxOptions]):
    """Cross-entropy of a softmax whose terms are multiplied by the classes' image counts.

    Source: Ren et al., "Balanced Meta-Softmax for Long-Tailed Visual Recognition" (NeurIPS 2020).
    """

    title = "Balanced Softmax"
    source = "Ren et al., NeurIPS 2020"
    Options = BalancedSoftmaxOptions

    def __init__(self, options: BalancedSoftmaxOptions, context: MethodContext) -> None:
        super().__init__(options, context)
        of_real = options.counts == "real"
        self.counts = context.real_counts if of_real else context.class_counts
        # The prior of such a class would be 0.
        missing = ((self.counts == 0) & (context.class_counts > 0)).nonzero()[:, 0]
        if len(missing):
            raise OptionError(
                f"counts: real, but class {int(missing[0])} has no real training image; set it to "
                "training, or keep a real image of each class"
            )

    def loss(self, step: Step) -> Losses:
        """Return the mean Balanced Softmax loss."""
        logits = step.network.logits(step.batch.views["v1"])
        return {"total": balanced_softmax_cross_entropy(logits, step.batch.labels, self.counts)}
