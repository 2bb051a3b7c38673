import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from sau.methods.paco import parametric_contrastive_loss


def oracle(
    queries: Tensor,
    labels: list[int],
    keys: Tensor,
    key_labels: list[int],
    centre_logits: Tensor,
    alpha: float,
    temperature: float,
) -> Tensor:
    """Loops over queries and what they are compared with."""
    losses = []
    for i, (query, label) in enumerate(zip(queries.double(), labels, strict=True)):
        weighted = [
            (logit, 1.0 if centre == label else 0.0)
            for centre, logit in enumerate(centre_logits[i].double())
        ]
        others = [(queries[k], labels[k]) for k in range(len(labels)) if k != i]
        others += [(z, other) for z, other in zip(keys, key_labels, strict=True) if other >= 0]
        for z, other in others:
            weighted.append((query @ z.double() / temperature, alpha if other == label else 0.0))
        denominator = sum(torch.exp(logit) for logit, _ in weighted)
        logs = [weight * torch.log(torch.exp(logit) / denominator) for logit, weight in weighted]
        losses.append(-sum(logs) / sum(weight for _, weight in weighted))
    return torch.stack(losses).mean()


@pytest.mark.parametrize("alpha", [0.02, 1.0])
@pytest.mark.parametrize(
    ("labels", "key_labels"),
    [
        ([0, 1, 2, 2, 1, 1], [0, 1, 2, 2, 1, 1, 0, 0, -1, -1]),
        ([2, 2], [-1, -1, -1]),
        ([1], [0]),
        ([0, 1, 2], []),
    ],
    ids=["filling queue", "empty queue", "only the centre is positive", "no key"],
)
def test_paco_loss_equals_the_oracle(
    labels: list[int], key_labels: list[int], alpha: float, generator: Generator
) -> None:
    queries = F.normalize(torch.randn(len(labels), 5, generator=generator), dim=1)
    keys = F.normalize(torch.randn(len(key_labels), 5, generator=generator), dim=1)
    logits = torch.randn(len(labels), 4, generator=generator)
    inputs = [queries.requires_grad_(), logits.requires_grad_()]
    loss = parametric_contrastive_loss(
        queries,
        torch.tensor(labels),
        keys,
        torch.tensor(key_labels, dtype=torch.int64),
        logits,
        alpha=alpha,
        temperature=0.2,
    )
    expected = oracle(queries, labels, keys, key_labels, logits, alpha, 0.2)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss.double(), expected, atol=1e-5, rtol=0)
    gradients = torch.autograd.grad(loss, inputs)
    expected_gradients = torch.autograd.grad(expected, inputs)
    torch.testing.assert_close(gradients, expected_gradients, atol=1e-5, rtol=0)


def test_keys_are_constants_and_absent_classes_have_no_gradient(generator: Generator) -> None:
    queries = F.normalize(torch.randn(3, 5, generator=generator), dim=1).requires_grad_()
    keys = F.normalize(torch.randn(4, 5, generator=generator), dim=1).requires_grad_()
    scores = torch.randn(3, 4, generator=generator, requires_grad=True)
    prior = torch.tensor([0.5, 0.3, 0.2, 0.0]).log()
    labels = torch.tensor([0, 1, 2])
    with torch.autocast("cpu", torch.bfloat16):
        loss = parametric_contrastive_loss(
            queries,
            labels,
            keys,
            torch.tensor([0, 1, 1, -1]),
            scores + prior,
            alpha=0.02,
            temperature=0.001,
        )
    torch.autograd.backward(loss)
    assert loss.isfinite()
    assert keys.grad is None
    assert scores.grad is not None
    assert scores.grad.isfinite().all()
    assert not scores.grad[:, 3].any()
