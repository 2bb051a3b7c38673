"""ProCo: a contrastive loss against the classes' estimated distributions."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from sau.data.batches import Batch
from sau.losses.logit_adjustment import logit_adjusted_cross_entropy
from sau.losses.proco import probabilistic_contrastive_loss
from sau.losses.von_mises_fisher import updated_means
from sau.methods.base import Epoch, Losses, Method, Task
from sau.methods.options import ProcoOptions
from sau.networks import Network
from sau.settings.section import Section
from sau.views import ViewName

FIRST_LENGTH = 0.9
"""Of a class's mean before its first image, in a random direction, as in the authors' code."""


class Proco(Method):
    """Logit-adjusted cross-entropy of one view, and the contrastive loss of two others.

    The latter has a closed form: each class is a von Mises-Fisher distribution, estimated from the
    mean of its embeddings, and the pairs are the infinitely many samples of it.

    Source: Du et al., "Probabilistic Contrastive Learning for Long-Tailed Visual Recognition"
    (TPAMI 2024).
    """

    views: tuple[ViewName, ...] = ("strong", "v3", "v3_again")
    needs_projection = True
    previous_means: Tensor
    previous_counts: Tensor
    current_means: Tensor
    current_counts: Tensor

    def __init__(self, options: Section, task: Task) -> None:
        super().__init__(options, task)
        assert isinstance(options, ProcoOptions)
        self.proco = options
        if options.cosine_scale > 0:
            self.classifier, self.classifier_scale = "cosine", options.cosine_scale
        directions = F.normalize(torch.randn(task.classes, task.embedding_size), dim=1)
        for epoch in ("previous", "current"):
            self.register_buffer(f"{epoch}_means", FIRST_LENGTH * directions)
            self.register_buffer(f"{epoch}_counts", torch.zeros(task.classes))
        self.found: dict[str, Tensor] = {}

    def start_epoch(self, epoch: Epoch) -> None:
        """Make what the last epoch has found its estimate, and begin a new one at count 0."""
        del epoch
        seen = self.current_counts > 0
        self.previous_means = torch.where(seen[:, None], self.current_means, self.previous_means)
        self.previous_counts = torch.where(seen, self.current_counts, self.previous_counts)
        self.current_counts = torch.zeros_like(self.current_counts)

    def loss(
        self, batch: Batch, second: Batch | None, network: Network, generator: np.random.Generator
    ) -> Losses:
        """Return `total` and its parts, unweighted; neither `second` nor `generator` is read.

        The three views go through the encoder together, as in the authors' code.
        """
        del second, generator
        images = torch.cat([batch.views[name] for name in self.views])
        strong, *pair = network.features(images).chunk(3)
        embeddings = network.project(torch.cat(pair))
        labels = batch.labels.repeat(2)
        contrastive = probabilistic_contrastive_loss(
            embeddings,
            labels,
            self._means_with(embeddings, labels),
            self.task.class_counts,
            self.proco.temperature,
        )
        classification = logit_adjusted_cross_entropy(
            network.classify(strong), batch.labels, self.task.class_counts
        )
        total = classification + self.proco.contrastive_weight * contrastive
        return {"total": total, "contrastive": contrastive, "classification": classification}

    def after_step(self, network: Network) -> None:
        """Keep the means that have taken in the step's batch."""
        del network
        for name, value in self.found.items():
            setattr(self, name, value)

    def _means_with(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Return the class means that hold in this step, and remember what `after_step` keeps.

        A class that no earlier epoch has seen has the mean of the current one, with this batch.
        """
        taken_in = updated_means(self.current_means, self.current_counts, embeddings, labels)
        self.found = dict(zip(("current_means", "current_counts"), taken_in, strict=True))
        if self.proco.estimate == "previous_epoch":
            known = self.previous_counts[:, None] > 0
            return torch.where(known, self.previous_means, taken_in[0])
        running = updated_means(self.previous_means, self.previous_counts, embeddings, labels)
        self.found |= dict(zip(("previous_means", "previous_counts"), running, strict=True))
        return running[0]
