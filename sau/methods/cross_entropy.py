"""Plain cross-entropy, the baseline of every table."""

import torch.nn.functional as F

from sau.methods.base import Losses, Method, Step
from sau.settings.section import Section, setting


class CrossEntropyOptions(Section):
    """Options of cross-entropy; the default is the plain one of every paper's table."""

    label_smoothing: float = setting(
        0.0, "share of each label that is spread over all classes", minimum=0, below=1
    )


class CrossEntropy(Method[CrossEntropyOptions]):
    """Cross-entropy of the cropped view."""

    title = r"Cross-entropy (CE, CE\*)"
    Options = CrossEntropyOptions

    def loss(self, step: Step) -> Losses:
        """Return the mean cross-entropy of the batch."""
        logits = step.network.logits(step.batch.views["v1"])
        smoothing = self.options.label_smoothing
        loss = F.cross_entropy(logits, step.batch.labels, label_smoothing=smoothing)
        return {"total": loss}
