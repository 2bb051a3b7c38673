"""CutMix alone, a rival of SAU."""

from typing import Literal

import torch.nn.functional as F

from sau.losses.classification import soft_cross_entropy
from sau.methods.base import Losses, Method, Step
from sau.settings.section import Section, setting
from sau.views import mixing


class CutmixOptions(Section):
    """Options of CutMix alone; the defaults are the authors' for CIFAR."""

    alpha: float = setting(1.0, "the ratio is drawn from Beta(alpha, alpha)", above=0)
    label: Literal["area", "sampled"] = setting(
        "area", "mix labels by the exact pasted area or by the sampled ratio"
    )
    probability: float = setting(
        0.5, "share of the batches that are mixed; 1 for ImageNet", above=0, maximum=1
    )


class Cutmix(Method[CutmixOptions]):
    """Cross-entropy of images with a box from others of their batch; labels are mixed by its area.

    Source: Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers with
    Localizable Features" (ICCV 2019).
    """

    title = "CutMix"
    source = "Yun et al., ICCV 2019"
    Options = CutmixOptions

    def loss(self, step: Step) -> Losses:
        """Return the mean cross-entropy of the batch, mixed or not."""
        batch, generator, network = step.batch, step.generator, step.network
        images, labels = batch.views["v1"], batch.labels
        if generator.random() >= self.options.probability:
            return {"total": F.cross_entropy(network.logits(images), labels)}
        drawn = float(generator.beta(self.options.alpha, self.options.alpha))
        partners = mixing.draw_partners(len(labels), generator, labels.device)
        mixed, kept = mixing.cutmix(images, batch.partners_of("v1", partners), drawn, generator)
        ratio = kept if self.options.label == "area" else drawn
        targets = mixing.mix_labels(labels, labels[partners], ratio, self.context.classes)
        return {"total": soft_cross_entropy(network.logits(mixed), targets)}
