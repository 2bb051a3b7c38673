"""The logit-adjusted loss."""

from sau.losses.logit_adjustment import logit_adjusted_cross_entropy
from sau.methods.base import Losses, Method, Step
from sau.settings.section import Section, setting


class LogitAdjustmentOptions(Section):
    """Options of the logit-adjusted loss; the default is the paper's."""

    tau: float = setting(1.0, "weight of the log prior; 1: Balanced Softmax", minimum=0)


class LogitAdjustment(Method[LogitAdjustmentOptions]):
    """Cross-entropy of logits to which tau times the log of the class prior is added in training.

    Source: Menon et al., "Long-Tail Learning via Logit Adjustment" (ICLR 2021).
    """

    title = "Logit adjustment"
    source = "Menon et al., ICLR 2021"
    Options = LogitAdjustmentOptions

    def loss(self, step: Step) -> Losses:
        """Return the mean adjusted cross-entropy."""
        logits, labels = step.network.logits(step.batch.views["v1"]), step.batch.labels
        counts, tau = self.context.class_counts, self.options.tau
        return {"total": logit_adjusted_cross_entropy(logits, labels, counts, tau)}
