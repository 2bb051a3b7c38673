"""Loss functions and the weights that go with them: pure functions on tensors."""

from sau.losses.class_weights import effective_number_weights, inverse_frequency_weights
from sau.losses.classification import (
    soft_cross_entropy,
    weighted_binary_cross_entropy,
    weighted_cross_entropy,
)
from sau.losses.contrastive import SyntheticAwareContrastiveLoss, synthetic_aware_loss
from sau.losses.correctness_ranking import correctness_ranking_loss
from sau.losses.focal import sigmoid_focal_loss
from sau.losses.label_correction import find_noise
from sau.losses.ldam import label_margins, margin_cross_entropy
from sau.losses.logit_adjustment import balanced_softmax_cross_entropy, logit_adjusted_cross_entropy
from sau.losses.score_weights import score_weights
from sau.losses.supervised_contrastive import supervised_contrastive_loss

__all__ = [
    "SyntheticAwareContrastiveLoss",
    "balanced_softmax_cross_entropy",
    "correctness_ranking_loss",
    "effective_number_weights",
    "find_noise",
    "inverse_frequency_weights",
    "label_margins",
    "logit_adjusted_cross_entropy",
    "margin_cross_entropy",
    "score_weights",
    "sigmoid_focal_loss",
    "soft_cross_entropy",
    "supervised_contrastive_loss",
    "synthetic_aware_loss",
    "weighted_binary_cross_entropy",
    "weighted_cross_entropy",
]
