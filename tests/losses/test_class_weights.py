import pytest
import torch

from sau.losses.class_weights import effective_number_weights, inverse_frequency_weights


@pytest.mark.parametrize("power", [0.0, 0.2, 1.0, 1.2])
@pytest.mark.parametrize("counts", [[500, 70, 5], [3, 3, 3, 3], [1, 1280]])
def test_class_weights_equal_their_definition(counts: list[int], power: float) -> None:
    powers = [(1 / count) ** power for count in counts]
    expected = [len(counts) * value / sum(powers) for value in powers]
    found = inverse_frequency_weights(torch.tensor(counts), power)
    assert found.dtype == torch.float32
    assert found.tolist() == pytest.approx(expected)


@pytest.mark.parametrize("power", [0.0, 1.2])
def test_class_without_images_has_weight_0(power: float) -> None:
    found = inverse_frequency_weights(torch.tensor([4, 0, 4]), power)
    assert found.tolist() == pytest.approx([1.5, 0, 1.5])


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


def test_effective_number_of_equal_counts_weighs_alike() -> None:
    found = effective_number_weights(torch.tensor([7, 7, 7]), 0.999)
    assert found.tolist() == pytest.approx([1, 1, 1])


def test_effective_number_of_no_images_has_no_weight() -> None:
    found = effective_number_weights(torch.tensor([4, 0, 2]), 0.99)
    alone = effective_number_weights(torch.tensor([4, 2]), 0.99)
    assert found[1] == 0
    assert (found[0] / found[2]).item() == pytest.approx((alone[0] / alone[1]).item())
