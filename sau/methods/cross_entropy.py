"""Plain cross-entropy, the baseline of every table."""

import numpy as np
import torch.nn.functional as F

from sau.data.batches import Batch
from sau.methods.base import Losses, Method
from sau.networks import Network


class CrossEntropy(Method):
    """Cross-entropy of the cropped view."""

    def loss(
        self, batch: Batch, second: Batch | None, network: Network, generator: np.random.Generator
    ) -> Losses:
        """Return the mean cross-entropy of the batch; neither `second` nor `generator` is read."""
        del second, generator
        return {"total": F.cross_entropy(network.logits(batch.views["v1"]), batch.labels)}
