import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from sau.methods.bcl import balanced_contrastive_loss


def oracle(embeddings: Tensor, labels: Tensor, centres: Tensor, temperature: float) -> Tensor:
    """Loops over anchors, and over classes in the denominator."""
    samples = [
        (pair[view].double(), label)
        for view in (0, 1)
        for pair, label in zip(embeddings, labels.tolist(), strict=True)
    ]
    losses = []
    for i, (anchor, label) in enumerate(samples):
        members = [[centre.double()] for centre in centres]
        for k, (z, other) in enumerate(samples):
            if k != i:
                members[other].append(z)
        exponentials = [[torch.exp(anchor @ z / temperature) for z in part] for part in members]
        denominator = sum(sum(part) / len(part) for part in exponentials)
        logs = [torch.log(positive / denominator) for positive in exponentials[label]]
        losses.append(-sum(logs) / len(logs))
    return torch.stack(losses).mean()


@pytest.mark.parametrize(
    "labels",
    [[0, 1, 2, 2, 1, 1], [3, 3, 3], [0, 1, 2, 3], [2]],
    ids=["a class is absent", "one class", "one image each", "one image"],
)
def test_bcl_loss_equals_the_oracle(labels: list[int], generator: Generator) -> None:
    drawn = torch.randn(len(labels), 2, 5, generator=generator)
    inputs = [
        F.normalize(drawn, dim=2).requires_grad_(),
        F.normalize(torch.randn(4, 5, generator=generator), dim=1).requires_grad_(),
    ]
    loss = balanced_contrastive_loss(inputs[0], torch.tensor(labels), inputs[1], 0.2)
    expected = oracle(inputs[0], torch.tensor(labels), inputs[1], 0.2)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss.double(), expected, atol=1e-5, rtol=0)
    gradients = torch.autograd.grad(loss, inputs)
    expected_gradients = torch.autograd.grad(expected, inputs)
    torch.testing.assert_close(gradients, expected_gradients, atol=1e-5, rtol=0)


def test_low_temperature_does_not_overflow(generator: Generator) -> None:
    embeddings = F.normalize(torch.randn(6, 2, 5, generator=generator), dim=2).requires_grad_()
    centres = F.normalize(torch.randn(3, 5, generator=generator), dim=1)
    labels = torch.tensor([0, 1, 2, 2, 1, 1])
    with torch.autocast("cpu", torch.bfloat16):
        loss = balanced_contrastive_loss(embeddings, labels, centres, 0.002)
    (gradient,) = torch.autograd.grad(loss, embeddings)
    assert loss.isfinite()
    assert gradient.isfinite().all()
