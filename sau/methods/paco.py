"""PaCo: queries against learned class centres, and keys from a moving average of the network."""

import copy

import torch
from torch import Tensor

from sau.losses.shapes import Shapes
from sau.methods.base import Epoch, Losses, Method, MethodContext, Step
from sau.networks.protocol import MethodNetwork
from sau.settings.section import Section, setting
from sau.views import ViewName


class PacoOptions(Section):
    """Options of parametric contrastive learning; the defaults are the authors' for CIFAR-100."""

    alpha: float = setting(
        0.01, "weight of a positive query or key, that of a class centre being 1", above=0
    )
    temperature: float = setting(0.05, "of the similarities of queries and keys", above=0)
    queue_size: int = setting(1024, "keys that are remembered", unit="images", minimum=1)
    key_momentum: float = setting(
        0.999, "decay of the moving average that embeds the keys", minimum=0, maximum=0.999999
    )


class Paco(Method[PacoOptions]):
    """The parametric contrastive loss; the class centres are the classifier's weights.

    Queries are the strong view through the network; keys the other view through its moving average,
    and those of earlier batches in a queue, newest first. There is no other loss.

    Source: Cui et al., "Parametric Contrastive Learning" (ICCV 2021).
    """

    title = "PaCo"
    source = "Cui et al., ICCV 2021"
    Options = PacoOptions
    views: tuple[ViewName, ...] = ("strong", "v3")
    needs_projection = True
    queue: Tensor
    queue_labels: Tensor
    key_network: MethodNetwork

    def __init__(self, options: PacoOptions, context: MethodContext) -> None:
        super().__init__(options, context)
        size = options.queue_size
        self.register_buffer("queue", torch.zeros(size, context.embedding_size))
        # -1: nothing has come there yet.
        self.register_buffer("queue_labels", torch.full((size,), -1))
        self.found: tuple[Tensor, Tensor] | None = None

    def attach(self, network: MethodNetwork) -> None:
        """Copy the network that embeds the keys; no gradient reaches the copy."""
        self.key_network = copy.deepcopy(network).requires_grad_(False)

    def start_epoch(self, epoch: Epoch) -> None:
        """Start from the network's weights, also where a stage before this one has trained it."""
        if epoch.number == 1:
            self.key_network.load_state_dict(epoch.network.state_dict())

    def loss(self, step: Step) -> Losses:
        """Return `total`."""
        batch, network = step.batch, step.network
        features = network.features(batch.views["strong"])
        with torch.no_grad():
            keys = self.key_network.embeddings(batch.views["v3"])
        self.found = keys, batch.labels
        counts = self.context.class_counts
        log_prior = (counts / counts.sum()).log()
        total = parametric_contrastive_loss(
            network.project(features),
            batch.labels,
            torch.cat([keys, self.queue]),
            torch.cat([batch.labels, self.queue_labels]),
            network.classify(features) + log_prior,
            alpha=self.options.alpha,
            temperature=self.options.temperature,
        )
        return {"total": total}

    @torch.no_grad()
    def after_step(self, network: MethodNetwork) -> None:
        """Move the copy towards the network, and put the step's keys into the queue."""
        assert self.found is not None
        for slow, fast in zip(self.key_network.parameters(), network.parameters(), strict=True):
            slow.lerp_(fast, 1 - self.options.key_momentum)
        keys, labels = self.found
        size = self.options.queue_size
        self.queue.copy_(torch.cat([keys, self.queue])[:size])
        self.queue_labels.copy_(torch.cat([labels, self.queue_labels])[:size])


def parametric_contrastive_loss(
    queries: Tensor,
    labels: Tensor,
    keys: Tensor,
    key_labels: Tensor,
    centre_logits: Tensor,
    *,
    alpha: float = 0.01,
    temperature: float = 0.05,
) -> Tensor:
    """Return the mean over the queries i of the weighted mean over positives of -log p, float32 ().

    p is a softmax over all class centres, the other queries of the batch, and the keys: of a centre
    the logit is the classifier's, with the log prior; of a vector it is q_i.z / t. The positives
    are the centre of i's class, with weight 1, and the queries and keys of its class, with weight
    `alpha`; the sum over them is divided by the sum of their weights.

    Args:
        queries: q, float (B, d), of length 1; gradients flow through them and the logits alone.
        labels: int64 (B,), 0 to C - 1.
        keys: float (K, d), of length 1; the batch's own and the queue's.
        key_labels: int64 (K,), 0 to C - 1, or -1 for a place of the queue that is still empty: it
            stands in no sum.
        centre_logits: float (B, C), scores of the classes plus the logarithm of their priors.
        alpha: above 0.
        temperature: t, above 0.

    Raises:
        ValueError: other shapes.

    Source: Cui et al., "Parametric Contrastive Learning" (ICCV 2021), with the weights' sum as
    divisor as in the authors' code; the log prior is Ren et al.'s balanced softmax.
    """
    shapes = Shapes().floats("queries", queries, "B d").integers("labels", labels, "B")
    shapes.floats("keys", keys, "K d").integers("key_labels", key_labels, "K")
    shapes.floats("centre_logits", centre_logits, "B C")
    with torch.autocast(queries.device.type, enabled=False):
        queries, keys = queries.float(), keys.detach().float()
        similarity = queries @ torch.cat([queries, keys]).T / temperature
        groups = torch.cat([labels, key_labels])
        itself = torch.eye(len(labels), len(groups), dtype=torch.bool, device=labels.device)
        absent = itself | (groups < 0)
        logits = torch.cat(
            [centre_logits.float(), similarity.masked_fill(absent, -torch.inf)], dim=1
        )
        log_denominator = logits.logsumexp(dim=1)
        positive = (labels[:, None] == groups) & ~itself
        centre = logits.gather(1, labels[:, None])[:, 0]
        total = centre + alpha * (similarity * positive).sum(dim=1)
        return (log_denominator - total / (1 + alpha * positive.sum(dim=1))).mean()
