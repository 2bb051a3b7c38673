import pytest
import torch

from sau import losses
from sau.losses.classification import soft_cross_entropy, weighted_cross_entropy
from sau.losses.correctness_ranking import correctness_ranking_loss
from sau.losses.focal import sigmoid_focal_loss
from sau.losses.ldam import margin_cross_entropy
from sau.losses.logit_adjustment import balanced_softmax_cross_entropy
from sau.losses.score_weights import score_weights
from sau.losses.shapes import Shapes
from sau.losses.supervised_contrastive import supervised_contrastive_loss
from sau.methods.bcl import balanced_contrastive_loss
from sau.methods.paco import parametric_contrastive_loss
from sau.methods.proco import probabilistic_contrastive_loss

LOGITS, LABELS = torch.zeros(4, 3), torch.zeros(4, dtype=torch.int64)


def test_letters_stand_for_one_size() -> None:
    shapes = Shapes().floats("logits", LOGITS, "B C").integers("labels", LABELS, "B")
    shapes.floats("weights", torch.zeros(3), "C").booleans("odd", LABELS > 0, "B")
    with pytest.raises(
        ValueError, match=r"^weights: expected float \(C,\) with C = 3, got float32"
    ):
        shapes.floats("weights", torch.zeros(4), "C")
    with pytest.raises(ValueError, match=r"^pairs: expected float \(B, 2\) with B = 4, got .*4, 3"):
        shapes.floats("pairs", LOGITS, "B 2")
    with pytest.raises(ValueError, match="^odd: expected bool"):
        shapes.booleans("odd", LABELS, "B")


def test_losses_refuse_other_shapes_by_name() -> None:
    with pytest.raises(ValueError, match="^targets: "):
        soft_cross_entropy(LOGITS, LABELS)
    with pytest.raises(ValueError, match="^labels: "):
        sigmoid_focal_loss(LOGITS, LOGITS, torch.ones(3))
    with pytest.raises(ValueError, match="^margins: .*C = 3"):
        margin_cross_entropy(LOGITS, LABELS, torch.ones(4))
    with pytest.raises(ValueError, match="^counts: .*C = 3"):
        balanced_softmax_cross_entropy(LOGITS, LABELS, torch.tensor([1, 2]))
    with pytest.raises(ValueError, match="^weights: .*B = 4"):
        weighted_cross_entropy(LOGITS, LABELS, torch.ones(3))
    with pytest.raises(ValueError, match="^correctness: .*B = 4"):
        correctness_ranking_loss(torch.ones(4), torch.ones(3))
    with pytest.raises(ValueError, match="^is_synthetic: expected bool"):
        score_weights(torch.ones(4), LABELS, LABELS)
    with pytest.raises(ValueError, match="^centres: .*d = 5"):
        balanced_contrastive_loss(torch.zeros(4, 2, 5), LABELS, LOGITS)
    with pytest.raises(ValueError, match="^means: .*d = 3"):
        probabilistic_contrastive_loss(LOGITS, LABELS, torch.zeros(2, 4), LABELS[:2])
    with pytest.raises(ValueError, match="^key_labels: .*K = 4"):
        parametric_contrastive_loss(LOGITS, LABELS, LOGITS, LABELS[:2], LOGITS)
    with pytest.raises(ValueError, match=r"^embeddings: expected float \(B, 2, d\)"):
        supervised_contrastive_loss(LOGITS, LABELS)


def test_room_offers_what_its_modules_define() -> None:
    for name in losses.__all__:
        assert getattr(losses, name).__module__.startswith("sau.losses.")
