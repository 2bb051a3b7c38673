"""Loss functions and the weights that go with them: pure functions on tensors."""

from sau.losses.class_similarities import class_similarities, standardised
from sau.losses.class_weights import effective_number_weights, inverse_frequency_weights
from sau.losses.classification import (
    soft_cross_entropy,
    weighted_binary_cross_entropy,
    weighted_cross_entropy,
)
from sau.losses.contrastive import (
    SyntheticAwareContrastiveLoss,
    contrastive_loss,
    synthetic_aware_loss,
)
from sau.losses.correctness_ranking import correctness_ranking_loss
from sau.losses.domain_weights import domain_weights
from sau.losses.focal import sigmoid_focal_loss
from sau.losses.label_correction import find_noise
from sau.losses.ldam import label_margins, margin_cross_entropy
from sau.losses.logit_adjustment import balanced_softmax_cross_entropy, logit_adjusted_cross_entropy
from sau.losses.noise_counts import noise_counts
from sau.losses.noise_margins import classification_margins, lowest_in_class, trust_of
from sau.losses.score_weights import score_weights
from sau.losses.soft_contrastive import trusting_contrastive_loss
from sau.losses.supervised_contrastive import supervised_contrastive_loss

__all__ = [
    "SyntheticAwareContrastiveLoss",
    "balanced_softmax_cross_entropy",
    "class_similarities",
    "classification_margins",
    "contrastive_loss",
    "correctness_ranking_loss",
    "domain_weights",
    "effective_number_weights",
    "find_noise",
    "inverse_frequency_weights",
    "label_margins",
    "logit_adjusted_cross_entropy",
    "lowest_in_class",
    "margin_cross_entropy",
    "noise_counts",
    "score_weights",
    "sigmoid_focal_loss",
    "soft_cross_entropy",
    "standardised",
    "supervised_contrastive_loss",
    "synthetic_aware_loss",
    "trust_of",
    "trusting_contrastive_loss",
    "weighted_binary_cross_entropy",
    "weighted_cross_entropy",
]
