"""SURE: RegMixup, ranked confidence and a cosine classifier; its second stage re-weights images."""

import numpy as np
import torch
from torch import Tensor

from sau.data.batches import Batch
from sau.losses.confidence_weights import confidence_weights
from sau.losses.correctness_ranking import correctness_ranking_loss
from sau.losses.regmixup import regmixup_loss
from sau.losses.weighted import weighted_cross_entropy
from sau.methods.base import Epoch, Losses, Method, Task
from sau.methods.options import SureOptions
from sau.networks import Network
from sau.settings.section import Section
from sau.views import mixing, view


class Sure(Method):
    """The losses of SURE on a cosine classifier.

    Its other two parts are settings of the run: `training.sharpness_radius` and
    `training.swa_from`.

    Source: Li et al., "SURE: SUrvey REcipes for building reliable and robust deep networks" (CVPR
    2024).
    """

    classifier = "cosine"
    examined: Tensor
    correct: Tensor
    confidence: Tensor

    def __init__(self, options: Section, task: Task) -> None:
        super().__init__(options, task)
        assert isinstance(options, SureOptions)
        self.sure = options
        self.classifier_scale = options.scale
        images = int(task.class_counts.sum())
        ranked = images if options.ranking_weight > 0 else 0
        reweighted = images if options.reweight_temperature > 0 else 0
        self.register_buffer("examined", torch.zeros(ranked, dtype=torch.int32))
        self.register_buffer("correct", torch.zeros(ranked, dtype=torch.int32))
        self.register_buffer("confidence", torch.zeros(reweighted))
        self.found: tuple[Tensor, Tensor] | None = None

    def start_epoch(self, epoch: Epoch) -> None:
        """Measure how far the network trusts itself with each image, in the stage's first epoch."""
        if epoch.number == 1 and self.sure.reweight_temperature > 0:
            self.confidence.copy_(measure_confidence(epoch))

    def loss(
        self, batch: Batch, second: Batch | None, network: Network, generator: np.random.Generator
    ) -> Losses:
        """Return `total` and its parts `classification` and `ranking`; `second` is not read.

        Images and mixtures go through the network one after the other, as in the published code.
        """
        del second
        logits = network.logits(batch.views["v1"])
        weights = self._image_weights(batch)
        if self.sure.mixup_weight > 0:
            mixed = self._mixed(batch, network, generator)
            total = regmixup_loss(logits, batch.labels, weights, *mixed, self.sure.mixup_weight)
        else:
            total = weighted_cross_entropy(logits, batch.labels, weights)
        losses = {"classification": total}
        if self.sure.ranking_weight > 0:
            losses["ranking"] = self._ranking(batch, logits)
            total = total + self.sure.ranking_weight * losses["ranking"]
        return {"total": total} | losses

    def after_step(self, network: Network) -> None:
        """Count which of the step's images were classified correctly."""
        del network
        if self.found is not None:
            index, right = self.found
            self.examined.index_add_(0, index, torch.ones_like(right))
            self.correct.index_add_(0, index, right)
            self.found = None

    def _image_weights(self, batch: Batch) -> Tensor:
        if self.sure.reweight_temperature == 0:
            return torch.ones(len(batch.labels), device=batch.labels.device)
        return confidence_weights(self.confidence[batch.index], self.sure.reweight_temperature)

    def _mixed(
        self, batch: Batch, network: Network, generator: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """Return logits and labels, (B, C) each, of the batch mixed with itself."""
        images, labels = batch.views["v1"], batch.labels
        ratio = float(generator.beta(self.sure.mixup_alpha, self.sure.mixup_alpha))
        partners = mixing.draw_partners(len(labels), generator, labels.device)
        mixed = mixing.mixup(images, batch.partners_of("v1", partners), ratio)
        targets = mixing.mix_labels(labels, labels[partners], ratio, self.task.classes)
        return network.logits(mixed), targets

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
    found = []
    places = torch.split(torch.arange(len(epoch.data.ids)), epoch.batch_size)
    for images in epoch.data.images.batches(places):
        scores = network.logits(view("v1", images, epoch.views, epoch.generator))
        found.append(scores.softmax(dim=1).amax(dim=1))
    network.train(was_training)
    return torch.cat(found)
