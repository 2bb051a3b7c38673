import pytest
import torch
from sau.losses.class_balanced import effective_number_weights


@pytest.mark.parametrize("beta", [0.0, 0.9, 0.9999, 0.999999])
def test_weights_follow_the_effective_number(beta: float) -> None:
    counts = [5000, 300, 12, 1]
    # (1 - beta^n) / (1 - beta) as the sum that it is.
    effective = [sum(beta**power for power in range(n)) for n in counts]
    total = sum(1 / number for number in effective)
    expected = [4 / number / total for number in effective]
    found = effective_number_weights(torch.tensor(counts), beta)
    assert found.dtype == torch.float32
    assert found.tolist() == pytest.approx(expected, rel=1e-5)


def test_equal_counts_weigh_alike() -> None:
    found = effective_number_weights(torch.tensor([7, 7, 7]), 0.999)
    assert found.tolist() == pytest.approx([1, 1, 1])


def test_class_without_images_has_no_weight() -> None:
    found = effective_number_weights(torch.tensor([4, 0, 2]), 0.99)
    alone = effective_number_weights(torch.tensor([4, 2]), 0.99)
    assert found[1] == 0
    assert (found[0] / found[2]).item() == pytest.approx((alone[0] / alone[1]).item())
