import pytest
import torch
import torch.nn.functional as F
from torch import Generator

from sau.data.sets import TrainingData
from sau.losses.supervised_contrastive import supervised_contrastive_loss
from sau.methods.hybrid_sc import HybridSc, HybridScOptions
from sau.networks import Network
from tests.methods.conftest import context, loss_of, make, make_batch, start


@pytest.mark.parametrize(("number", "share"), [(1, 1.0), (3, 0.75)])
def test_hybrid_sc_moves_from_the_contrastive_loss_to_the_cross_entropy(
    number: int, share: float, network: Network, data: TrainingData, generator: Generator
) -> None:
    method = make("hybrid_sc", epochs=4, temperature=0.3)
    first = make_batch(generator, method.views)
    second = make_batch(generator, method.second_views)
    start(method, network, data, number)
    losses = loss_of(method, first, network, second=second)
    pairs = network.embeddings(torch.cat([first.views["grey"], first.views["grey_again"]]))
    contrastive = supervised_contrastive_loss(
        torch.stack([pairs[:6], pairs[6:]], dim=1), first.labels, 0.3
    )
    classification = F.cross_entropy(network.logits(second.views["grey"]), second.labels)
    torch.testing.assert_close(losses["contrastive"], contrastive)
    torch.testing.assert_close(losses["classification"], classification)
    torch.testing.assert_close(losses["total"], share * contrastive + (1 - share) * classification)


def test_second_batch_shows_all_classes_equally_often() -> None:
    weights = make("hybrid_sc").second_class_weights()
    assert weights is not None
    # 9, 4 and 2 images: each class has the same weight in all.
    torch.testing.assert_close(weights * torch.tensor([9, 4, 2]), torch.ones(3))


def test_class_without_images_is_no_division_by_zero() -> None:
    method = HybridSc(HybridScOptions(), context(torch.tensor([0, 0, 0, 2])))
    weights = method.second_class_weights()
    assert weights is not None
    assert weights.isfinite().all()
