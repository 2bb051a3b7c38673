import math
from typing import Any

import pytest

from sau.engine.schedule import cosine_rate, learning_rate
from sau.engine.settings import TrainingSettings


def rates(**changes: Any) -> list[float]:
    settings = TrainingSettings(method="cross_entropy", **changes)
    return [learning_rate(settings, epoch) for epoch in range(1, settings.epochs + 1)]


def test_cosine_schedule_would_reach_0_after_the_last_epoch() -> None:
    found = [cosine_rate(0.1, epoch, 4) for epoch in range(1, 6)]
    expected = [0.1, 0.05 * (1 + math.sqrt(0.5)), 0.05, 0.05 * (1 - math.sqrt(0.5)), 0.0]
    assert found == pytest.approx(expected)


def test_cosine_is_the_default() -> None:
    found = rates(epochs=7, learning_rate=0.3)
    assert found == pytest.approx([0.15 * (1 + math.cos(math.pi * t / 7)) for t in range(7)])


def test_steps_multiply_the_rate_after_their_epochs() -> None:
    found = rates(epochs=6, learning_rate=0.4, schedule="step", step_epochs=[2, 5], step_factor=0.1)
    assert found == pytest.approx([0.4, 0.4, 0.04, 0.04, 0.04, 0.004])


def test_steps_beyond_the_last_epoch_do_nothing() -> None:
    found = rates(epochs=3, learning_rate=0.4, schedule="step", step_epochs=[2, 160])
    assert found == pytest.approx([0.4, 0.4, 0.04])


def test_steps_and_warm_up_of_cao_et_al() -> None:
    """Appendix B: 200 epochs, five of warm-up, a hundredth at 160 and again at 180."""
    found = rates(epochs=200, learning_rate=0.1, schedule="step", step_factor=0.01, warmup_epochs=5)
    expected = [0.1 * t / 5 for t in range(1, 6)] + [0.1] * 155 + [1e-3] * 20 + [1e-5] * 20
    assert found == pytest.approx(expected)


def test_cosine_starts_after_the_warm_up() -> None:
    found = rates(epochs=8, learning_rate=0.2, warmup_epochs=3)
    cosine = [0.1 * (1 + math.cos(math.pi * t / 5)) for t in range(5)]
    assert found == pytest.approx([0.2 / 3, 0.4 / 3, 0.2, *cosine])
