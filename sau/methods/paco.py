"""PaCo: queries against learned class centres, and keys from a moving average of the network."""

import copy

import numpy as np
import torch
from torch import Tensor

from sau.data.batches import Batch
from sau.losses.paco import parametric_contrastive_loss
from sau.methods.base import Epoch, Losses, Method, Task
from sau.methods.options import PacoOptions
from sau.networks import Network
from sau.settings.section import Section
from sau.views import ViewName


class Paco(Method):
    """The parametric contrastive loss; the class centres are the classifier's weights.

    Queries are the strong view through the network; keys the other view through its moving average,
    and those of earlier batches in a queue, newest first. There is no other loss.

    Source: Cui et al., "Parametric Contrastive Learning" (ICCV 2021).
    """

    views: tuple[ViewName, ...] = ("strong", "v3")
    needs_projection = True
    queue: Tensor
    queue_labels: Tensor
    key_network: Network

    def __init__(self, options: Section, task: Task) -> None:
        super().__init__(options, task)
        assert isinstance(options, PacoOptions)
        self.paco = options
        size = options.queue_size
        self.register_buffer("queue", torch.zeros(size, task.embedding_size))
        # -1: nothing has come there yet.
        self.register_buffer("queue_labels", torch.full((size,), -1))
        self.found: tuple[Tensor, Tensor] | None = None

    def attach(self, network: Network) -> None:
        """Copy the network that embeds the keys; no gradient reaches the copy."""
        self.key_network = copy.deepcopy(network).requires_grad_(False)

    def start_epoch(self, epoch: Epoch) -> None:
        """Start from the network's weights, also where a stage before this one has trained it."""
        if epoch.number == 1:
            self.key_network.load_state_dict(epoch.network.state_dict())

    def loss(
        self, batch: Batch, second: Batch | None, network: Network, generator: np.random.Generator
    ) -> Losses:
        """Return `total`; neither `second` nor `generator` is read."""
        del second, generator
        features = network.features(batch.views["strong"])
        with torch.no_grad():
            keys = self.key_network.embeddings(batch.views["v3"])
        self.found = keys, batch.labels
        log_prior = (self.task.class_counts / self.task.class_counts.sum()).log()
        total = parametric_contrastive_loss(
            network.project(features),
            batch.labels,
            torch.cat([keys, self.queue]),
            torch.cat([batch.labels, self.queue_labels]),
            network.classify(features) + log_prior,
            alpha=self.paco.alpha,
            temperature=self.paco.temperature,
        )
        return {"total": total}

    @torch.no_grad()
    def after_step(self, network: Network) -> None:
        """Move the copy towards the network, and put the step's keys into the queue."""
        assert self.found is not None
        for slow, fast in zip(self.key_network.parameters(), network.parameters(), strict=True):
            slow.lerp_(fast, 1 - self.paco.key_momentum)
        keys, labels = self.found
        size = self.paco.queue_size
        self.queue.copy_(torch.cat([keys, self.queue])[:size])
        self.queue_labels.copy_(torch.cat([labels, self.queue_labels])[:size])
