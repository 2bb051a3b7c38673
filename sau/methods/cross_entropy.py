"""Plain cross-entropy, the baseline of every table."""

import torch.nn.functional as F

from sau.methods.base import Losses, Method, Step
from sau.settings.section import Section


class CrossEntropyOptions(Section):
    """Plain cross-entropy has nothing to set."""


class CrossEntropy(Method[CrossEntropyOptions]):
    """Cross-entropy of the cropped view."""

    title = r"Cross-entropy (CE, CE\*)"
    Options = CrossEntropyOptions

    def loss(self, step: Step) -> Losses:
        """Return the mean cross-entropy of the batch."""
        logits = step.network.logits(step.batch.views["v1"])
        return {"total": F.cross_entropy(logits, step.batch.labels)}
