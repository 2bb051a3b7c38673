"""LDAM with deferred re-weighting."""

from torch import Tensor

from sau.losses.class_weights import effective_number_weights
from sau.losses.ldam import label_margins, margin_cross_entropy
from sau.methods.base import Epoch, Losses, Method, MethodContext, Step
from sau.settings.section import Section, setting


class LdamDrwOptions(Section):
    """Options of LDAM-DRW; the defaults are the authors' for CIFAR."""

    largest_margin: float = setting(
        0.5, "margin of the rarest class, as a cosine; others by n^(-1/4)", above=0
    )
    scale: float = setting(30.0, "of the cosine classifier's logits", above=0)
    beta: float = setting(
        0.9999,
        "of the effective number of images, for the weights; towards 1: inverse frequency",
        minimum=0,
        maximum=0.999999999,
    )
    reweight_from: float = setting(
        0.8,
        "share of the epochs before classes are weighted; 0: from the start, 1: never",
        minimum=0,
        maximum=1,
    )


class LdamDrw(Method[LdamDrwOptions]):
    """Cosine classifier with larger margins for rare classes, and class weights late in training.

    Source: Cao et al., "Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss"
    (NeurIPS 2019).
    """

    title = "LDAM-DRW"
    source = "Cao et al., NeurIPS 2019"
    Options = LdamDrwOptions
    classifier = "cosine"

    def __init__(self, options: LdamDrwOptions, context: MethodContext) -> None:
        super().__init__(options, context)
        self.classifier_scale = options.scale
        margins = label_margins(context.class_counts, options.largest_margin)
        self.margins = options.scale * margins
        self.weights: Tensor | None = None

    def start_epoch(self, epoch: Epoch) -> None:
        """Weigh the classes once `reweight_from` of the epochs are over."""
        late = epoch.number > round(self.options.reweight_from * self.context.epochs)
        counts = self.context.class_counts
        self.weights = effective_number_weights(counts, self.options.beta) if late else None

    def loss(self, step: Step) -> Losses:
        """Return the cross-entropy with margins."""
        logits, labels = step.network.logits(step.batch.views["v1"]), step.batch.labels
        return {"total": margin_cross_entropy(logits, labels, self.margins, self.weights)}
