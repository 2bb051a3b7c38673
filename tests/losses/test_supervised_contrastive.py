import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from sau.losses.supervised_contrastive import supervised_contrastive_loss
from sau.methods.hybrid_sc import contrastive_share


def oracle(embeddings: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """Loops over anchors, positives and denominators."""
    points = [
        (pair[view].double(), label)
        for view in (0, 1)
        for pair, label in zip(embeddings, labels.tolist(), strict=True)
    ]
    losses = []
    for i, (anchor, label) in enumerate(points):
        others = [(z, other) for k, (z, other) in enumerate(points) if k != i]
        denominator = sum(torch.exp(anchor @ z / temperature) for z, _ in others)
        positives = [z for z, other in others if other == label]
        logs = [torch.log(torch.exp(anchor @ z / temperature) / denominator) for z in positives]
        losses.append(-sum(logs) / len(positives))
    return torch.stack(losses).mean()


@pytest.mark.parametrize(
    "labels",
    [[0, 1, 2, 2, 1, 1], [0, 0, 0], [0, 1, 2], [0]],
    ids=["three classes", "one class", "one image each", "one image"],
)
def test_supervised_contrastive_loss_equals_the_oracle(
    labels: list[int], generator: Generator
) -> None:
    drawn = torch.randn(len(labels), 2, 5, generator=generator)
    embeddings = F.normalize(drawn, dim=2).requires_grad_()
    loss = supervised_contrastive_loss(embeddings, torch.tensor(labels), 0.2)
    expected = oracle(embeddings, torch.tensor(labels), 0.2)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss.double(), expected, atol=1e-5, rtol=0)
    (gradient,) = torch.autograd.grad(loss, embeddings)
    (expected_gradient,) = torch.autograd.grad(expected, embeddings)
    torch.testing.assert_close(gradient, expected_gradient, atol=1e-5, rtol=0)


def test_low_temperature_does_not_overflow(generator: Generator) -> None:
    embeddings = F.normalize(torch.randn(6, 2, 5, generator=generator), dim=2).requires_grad_()
    labels = torch.tensor([0, 1, 2, 2, 1, 1])
    with torch.autocast("cpu", torch.bfloat16):
        loss = supervised_contrastive_loss(embeddings, labels, 0.002)
    (gradient,) = torch.autograd.grad(loss, embeddings)
    assert loss.isfinite()
    assert gradient.isfinite().all()


def test_share_falls_as_a_parabola_from_the_first_epoch_on() -> None:
    assert [contrastive_share(epoch, 4) for epoch in (1, 2, 3, 4)] == [1, 0.9375, 0.75, 0.4375]
