"""BCL: balanced contrastive learning beside a logit-adjusted classifier."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sau.losses.logit_adjustment import logit_adjusted_cross_entropy
from sau.losses.shapes import Shapes
from sau.methods.base import Losses, Method, MethodContext, Step
from sau.networks.initialise import initialise
from sau.settings.section import Section, setting
from sau.views import ViewName


class BclOptions(Section):
    """Options of balanced contrastive learning; the defaults are the paper's for CIFAR."""

    temperature: float = setting(0.1, "of the contrastive loss", above=0)
    classification_weight: float = setting(2.0, "of the logit-adjusted cross-entropy", above=0)
    contrastive_weight: float = setting(0.6, "of the balanced contrastive loss", above=0)
    prototype_hidden: int = setting(
        512, "units of the hidden layer that maps class weights to prototypes", minimum=1
    )
    cosine_scale: float = setting(
        0.0, "scale of a cosine classifier; 0: a linear classifier", minimum=0
    )


class Bcl(Method[BclOptions]):
    """Logit-adjusted cross-entropy of one view and the balanced contrastive loss of two others.

    The three views go through the encoder together, as in the authors' code.

    Source: Zhu et al., "Balanced Contrastive Learning for Long-Tailed Visual Recognition" (CVPR
    2022).
    """

    title = "BCL"
    source = "Zhu et al., CVPR 2022"
    Options = BclOptions
    views: tuple[ViewName, ...] = ("strong", "v3", "v3_again")
    needs_projection = True

    def __init__(self, options: BclOptions, context: MethodContext) -> None:
        super().__init__(options, context)
        if options.cosine_scale > 0:
            self.classifier, self.classifier_scale = "cosine", options.cosine_scale
        self.prototypes = PrototypeHead(
            context.feature_size, options.prototype_hidden, context.embedding_size
        )

    def loss(self, step: Step) -> Losses:
        """Return `total` and its parts, unweighted."""
        batch, network, options = step.batch, step.network, self.options
        images = torch.cat([batch.views[name] for name in self.views])
        strong, *pair = network.features(images).chunk(3)
        embeddings = torch.stack(network.project(torch.cat(pair)).chunk(2), dim=1)
        centres = network.through(self.prototypes, network.classifier.weight)
        contrastive = balanced_contrastive_loss(
            embeddings, batch.labels, centres, options.temperature
        )
        classification = logit_adjusted_cross_entropy(
            network.classify(strong), batch.labels, self.context.class_counts
        )
        total = (
            options.classification_weight * classification
            + options.contrastive_weight * contrastive
        )
        return {"total": total, "contrastive": contrastive, "classification": classification}


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


def balanced_contrastive_loss(
    embeddings: Tensor, labels: Tensor, centres: Tensor, temperature: float = 0.1
) -> Tensor:
    """Return the mean over 2 B anchors i of -mean over positives j of log p_ij, float32 ().

    The batch's vectors are joined by one centre for each class (class-complement). p_ij =
    exp(z_i.z_j / t) / sum over classes c of the mean over c's vectors k of exp(z_i.z_k / t)
    (class-averaging). The positives are the vectors of i's class and its centre; neither j nor k is
    i itself, and i does not count for the mean of its class. Centres are no anchors.

    Args:
        embeddings: z, float (B, 2, d), two views of each image, of length 1.
        labels: int64 (B,), 0 to C - 1.
        centres: float (C, d), of length 1; gradients flow through them as well.
        temperature: t, above 0.

    Raises:
        ValueError: other shapes.

    Source: Zhu et al., "Balanced Contrastive Learning for Long-Tailed Visual Recognition" (CVPR
    2022), equation of L_BCL.
    """
    shapes = Shapes().floats("embeddings", embeddings, "B 2 d").integers("labels", labels, "B")
    shapes.floats("centres", centres, "C d")
    with torch.autocast(embeddings.device.type, enabled=False):
        anchors = embeddings.float().transpose(0, 1).flatten(0, 1)
        classes = torch.arange(len(centres), device=labels.device)
        groups = torch.cat([labels.repeat(2), classes])
        similarity = anchors @ torch.cat([anchors, centres.float()]).T / temperature
        itself = torch.eye(len(anchors), len(groups), dtype=torch.bool, device=labels.device)
        same = groups[: len(anchors), None] == groups
        members = (groups == classes[:, None]).sum(dim=1)
        # Dividing by the size of k's class: i's own is one smaller for i.
        sizes = members[groups] - same.int()
        weighted = (similarity - sizes.log()).masked_fill(itself, -torch.inf)
        positive = same & ~itself
        mean_positive = (similarity * positive).sum(dim=1) / positive.sum(dim=1)
        return (weighted.logsumexp(dim=1) - mean_positive).mean()
