"""MixUp alone, a rival of SAU."""

from sau.losses.classification import soft_cross_entropy
from sau.methods.base import Losses, Method, Step
from sau.settings.section import Section, setting
from sau.views import mixing


class MixupOptions(Section):
    """Options of MixUp alone; the default is the authors' for CIFAR."""

    alpha: float = setting(1.0, "the ratio is drawn from Beta(alpha, alpha)", above=0)


class Mixup(Method[MixupOptions]):
    """Cross-entropy of images that are mixed with others of their batch, and so are their labels.

    Source: Zhang et al., "mixup: Beyond Empirical Risk Minimization" (ICLR 2018).
    """

    title = "MixUp"
    source = "Zhang et al., ICLR 2018"
    Options = MixupOptions

    def loss(self, step: Step) -> Losses:
        """Return the mean cross-entropy of the mixed batch."""
        batch, generator, alpha = step.batch, step.generator, self.options.alpha
        ratio = float(generator.beta(alpha, alpha))
        partners = mixing.draw_partners(len(batch.labels), generator, batch.labels.device)
        mixed = mixing.mixup(batch.views["v1"], batch.partners_of("v1", partners), ratio)
        labels = batch.labels, batch.labels[partners]
        targets = mixing.mix_labels(*labels, ratio, self.context.classes)
        return {"total": soft_cross_entropy(step.network.logits(mixed), targets)}
