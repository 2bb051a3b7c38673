"""BCL: balanced contrastive learning beside a logit-adjusted classifier."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sau.data.batches import Batch
from sau.losses.bcl import balanced_contrastive_loss
from sau.losses.logit_adjustment import logit_adjusted_cross_entropy
from sau.methods.base import Losses, Method, Task
from sau.methods.options import BclOptions
from sau.networks import Network, initialise
from sau.settings.section import Section
from sau.views import ViewName


class PrototypeHead(nn.Module):
    """Maps the classifier's weights to class prototypes in the space of the embeddings.

    Args:
        inputs: size of the features.
        hidden: units of the hidden layer.
        outputs: size of the embedding.
    """

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(inputs, hidden, bias=False),
            nn.BatchNorm1d(hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, outputs),
        )
        initialise(self)

    def forward(self, weights: Tensor) -> Tensor:
        """Map weights (C, inputs) to float32 (C, outputs) of length 1."""
        return F.normalize(self.layers(weights).float(), dim=1)


class Bcl(Method):
    """Logit-adjusted cross-entropy of one view and the balanced contrastive loss of two others.

    The three views go through the encoder together, as in the authors' code.

    Source: Zhu et al., "Balanced Contrastive Learning for Long-Tailed Visual Recognition" (CVPR
    2022).
    """

    views: tuple[ViewName, ...] = ("strong", "v3", "v3_again")
    needs_projection = True

    def __init__(self, options: Section, task: Task) -> None:
        super().__init__(options, task)
        assert isinstance(options, BclOptions)
        self.bcl = options
        if options.cosine_scale > 0:
            self.classifier, self.classifier_scale = "cosine", options.cosine_scale
        self.prototypes = PrototypeHead(
            task.feature_size, options.prototype_hidden, task.embedding_size
        )

    def loss(
        self, batch: Batch, second: Batch | None, network: Network, generator: np.random.Generator
    ) -> Losses:
        """Return `total` and its parts, unweighted; neither `second` nor `generator` is read."""
        del second, generator
        images = torch.cat([batch.views[name] for name in self.views])
        strong, *pair = network.features(images).chunk(3)
        embeddings = torch.stack(network.project(torch.cat(pair)).chunk(2), dim=1)
        centres = network.through(self.prototypes, network.classifier.weight)
        contrastive = balanced_contrastive_loss(
            embeddings, batch.labels, centres, self.bcl.temperature
        )
        classification = logit_adjusted_cross_entropy(
            network.classify(strong), batch.labels, self.task.class_counts
        )
        total = (
            self.bcl.classification_weight * classification
            + self.bcl.contrastive_weight * contrastive
        )
        return {"total": total, "contrastive": contrastive, "classification": classification}
