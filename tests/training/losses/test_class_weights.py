import pytest
import torch

from sau.losses.class_weights import inverse_frequency_weights


@pytest.mark.parametrize("power", [0.0, 0.2, 1.0, 1.2])
@pytest.mark.parametrize("counts", [[500, 70, 5], [3, 3, 3, 3], [1, 1280]])
def test_equals_its_definition(counts: list[int], power: float) -> None:
    powers = [(1 / count) ** power for count in counts]
    expected = [len(counts) * value / sum(powers) for value in powers]
    found = inverse_frequency_weights(torch.tensor(counts), power)
    assert found.dtype == torch.float32
    assert found.tolist() == pytest.approx(expected)


@pytest.mark.parametrize("power", [0.0, 1.2])
def test_class_without_images_has_weight_0(power: float) -> None:
    found = inverse_frequency_weights(torch.tensor([4, 0, 4]), power)
    assert found.tolist() == pytest.approx([1.5, 0, 1.5])
