import pytest
import torch
from torch import Generator

from sau.losses.domain_weights import domain_weights


@pytest.mark.parametrize("real_weight", [0.5, 1.0, 4.0])
def test_weights_equal_a_loop_and_have_mean_1(real_weight: float, generator: Generator) -> None:
    labels = torch.randint(0, 3, (40,), generator=generator)
    made = torch.rand(40, generator=generator) < torch.tensor([0.0, 0.5, 0.9])[labels]
    found = domain_weights(labels, made, 4, real_weight)
    for label in range(3):
        own = [i for i in range(40) if labels[i] == label]
        parts = [1.0 if made[i] else real_weight for i in own]
        expected = [len(own) * part / sum(parts) for part in parts]
        assert found[labels == label].tolist() == pytest.approx(expected)
        assert float(found[labels == label].mean()) == pytest.approx(1)


def test_weight_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="^real_weight: 0, expected above 0"):
        domain_weights(torch.tensor([0]), torch.tensor([True]), 1, 0)
