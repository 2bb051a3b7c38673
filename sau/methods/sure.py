"""SURE: RegMixup, ranked confidence and a cosine classifier; its second phase re-weights images."""

import torch
from torch import Tensor

from sau.data.batches import Batch
from sau.losses.classification import soft_cross_entropy, weighted_cross_entropy
from sau.losses.correctness_ranking import correctness_ranking_loss
from sau.methods.base import Epoch, Losses, Method, MethodContext, Step
from sau.networks.protocol import MethodNetwork
from sau.settings.section import Section, setting
from sau.views import mixing

SMALLEST = 1e-4
"""Weight of an image at least, so that none is left out altogether."""


class SureOptions(Section):
    """Options of SURE; the defaults are those of the authors' scripts for long-tailed CIFAR."""

    scale: float = setting(8.0, "of the cosine classifier's scores", above=0)
    mixup_weight: float = setting(
        1.0, "of the mixtures' cross-entropy (RegMixup); 0: without it", minimum=0
    )
    mixup_alpha: float = setting(10.0, "the ratio is drawn from Beta(alpha, alpha)", above=0)
    ranking_weight: float = setting(
        0.0, "of the correctness ranking loss; 0: without it", minimum=0
    )
    reweight_temperature: float = setting(
        0.0,
        "t: images are weighted by exp(-t * confidence), measured at the phase's start, as in the"
        " authors' second phase; 0: all alike",
        minimum=0,
    )


class Sure(Method[SureOptions]):
    """The losses of SURE on a cosine classifier.

    Its other two parts are settings of the run: `training.sharpness_radius` and
    `training.swa_from`.

    Source: Li et al., "SURE: SUrvey REcipes for building reliable and robust deep networks" (CVPR
    2024).
    """

    title = "SURE"
    source = "Li et al., CVPR 2024"
    Options = SureOptions
    classifier = "cosine"
    examined: Tensor
    correct: Tensor
    confidence: Tensor

    def __init__(self, options: SureOptions, context: MethodContext) -> None:
        super().__init__(options, context)
        self.classifier_scale = options.scale
        images = len(context.labels)
        ranked = images if options.ranking_weight > 0 else 0
        reweighted = images if options.reweight_temperature > 0 else 0
        self.register_buffer("examined", torch.zeros(ranked, dtype=torch.int32))
        self.register_buffer("correct", torch.zeros(ranked, dtype=torch.int32))
        self.register_buffer("confidence", torch.zeros(reweighted))
        self.found: tuple[Tensor, Tensor] | None = None

    def start_epoch(self, epoch: Epoch) -> None:
        """Measure how far the network trusts itself with each image, in the stage's first epoch."""
        if epoch.number == 1 and self.options.reweight_temperature > 0:
            self.confidence.copy_(measure_confidence(epoch))

    def loss(self, step: Step) -> Losses:
        """Return `total` and its parts `classification` and `ranking`.

        Images and mixtures go through the network one after the other, as in the published code.
        """
        batch, options = step.batch, self.options
        logits = step.network.logits(batch.views["v1"])
        weights = self._image_weights(batch)
        if options.mixup_weight > 0:
            mixed = self._mixed(step)
            total = regmixup_loss(logits, batch.labels, weights, *mixed, options.mixup_weight)
        else:
            total = weighted_cross_entropy(logits, batch.labels, weights)
        losses = {"classification": total}
        if options.ranking_weight > 0:
            losses["ranking"] = self._ranking(batch, logits)
            total = total + options.ranking_weight * losses["ranking"]
        return {"total": total} | losses

    def after_step(self, network: MethodNetwork) -> None:
        """Count which of the step's images were classified correctly."""
        del network
        if self.found is not None:
            index, right = self.found
            self.examined.index_add_(0, index, torch.ones_like(right))
            self.correct.index_add_(0, index, right)
            self.found = None

    def _image_weights(self, batch: Batch) -> Tensor:
        if self.options.reweight_temperature == 0:
            return torch.ones(len(batch.labels), device=batch.labels.device)
        confidence = self.confidence[batch.index]
        return confidence_weights(confidence, self.options.reweight_temperature)

    def _mixed(self, step: Step) -> tuple[Tensor, Tensor]:
        """Return logits and labels, (B, C) each, of the batch mixed with itself."""
        batch, generator, alpha = step.batch, step.generator, self.options.mixup_alpha
        ratio = float(generator.beta(alpha, alpha))
        partners = mixing.draw_partners(len(batch.labels), generator, batch.labels.device)
        mixed = mixing.mixup(batch.views["v1"], batch.partners_of("v1", partners), ratio)
        labels = batch.labels, batch.labels[partners]
        targets = mixing.mix_labels(*labels, ratio, self.context.classes)
        return step.network.logits(mixed), targets

    def _ranking(self, batch: Batch, logits: Tensor) -> Tensor:
        # Of the two passes of a sharpness-aware step, the first one is at the weights themselves.
        if self.found is None:
            right = logits.detach().argmax(dim=1) == batch.labels
            self.found = batch.index, right.int()
        # An image that was never examined counts as one that was never correct.
        share = self.correct[batch.index] / self.examined[batch.index].clamp(min=1)
        return correctness_ranking_loss(logits.softmax(dim=1).amax(dim=1), share)


@torch.no_grad()
def measure_confidence(epoch: Epoch) -> Tensor:
    """Return the largest class probability of a v1 view of each image, float32 (N,).

    The network is in eval mode meanwhile, and then in the mode in which it was.
    """
    network = epoch.network
    was_training = network.training
    network.eval()
    found = [
        network.logits(batch.views["v1"]).softmax(dim=1).amax(dim=1) for batch in epoch.all(("v1",))
    ]
    network.train(was_training)
    return torch.cat(found)


def confidence_weights(confidence: Tensor, temperature: float) -> Tensor:
    """Return exp(-t s_i), scaled to a mean of 1 in the batch and then cut to 0.0001 to 1.

    Args:
        confidence: s, float (B,), 0 to 1: the largest class probability of each image.
        temperature: t, at least 0; 0 gives 1 for each.

    Returns float32 (B,).

    Source: the published code of Li et al., "SURE: SUrvey REcipes for building reliable and robust
    deep networks" (CVPR 2024), re-weighting of type "exp".
    """
    # A softmax is exp scaled to a sum of 1.
    shares = torch.softmax(-temperature * confidence.float(), dim=0)
    return (len(shares) * shares).clamp(SMALLEST, 1.0)


def regmixup_loss(
    logits: Tensor,
    labels: Tensor,
    weights: Tensor,
    mixed_logits: Tensor,
    mixed_targets: Tensor,
    mixed_weight: float,
) -> Tensor:
    """Return CE(images) + mixed_weight * CE(mixtures of them), float32 ().

    Args:
        logits: of the images, float32 (B, C).
        labels: int64 (B,).
        weights: of the images in the first part, float32 (B,); 1 for each in the paper.
        mixed_logits: of the mixtures, float32 (B, C).
        mixed_targets: float32 (B, C), rows sum to 1.
        mixed_weight: eta, at least 0.

    Source: Pinto et al., "Using Mixup as a Regularizer Can Surprisingly Improve Accuracy and
    Out-of-Distribution Robustness" (NeurIPS 2022).
    """
    mixed = soft_cross_entropy(mixed_logits, mixed_targets)
    return weighted_cross_entropy(logits, labels, weights) + mixed_weight * mixed
