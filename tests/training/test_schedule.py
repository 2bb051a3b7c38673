import math
from typing import Any

import pytest

from sau.engine.schedule import cosine_rate, learning_rate, rate_of_step
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


def test_linear_schedule_falls_in_a_straight_line() -> None:
    found = rates(epochs=5, learning_rate=0.5, schedule="linear")
    assert found == pytest.approx([0.5, 0.4, 0.3, 0.2, 0.1])


def step_rates(steps: int, **changes: Any) -> list[float]:
    settings = TrainingSettings(method="cross_entropy", **changes)
    epochs = range(1, settings.epochs + 1)
    return [rate_of_step(settings, epoch, step, steps) for epoch in epochs for step in range(steps)]


def test_rate_of_each_step_is_that_of_an_epoch_of_one_step() -> None:
    """Twelve epochs of one step, and three of four steps, whose units are four times as long."""
    for schedule in ("linear", "cosine"):
        fine = rates(epochs=12, learning_rate=0.3, schedule=schedule, warmup_epochs=4)
        changes: dict[str, Any] = {"schedule": schedule, "rate_changes": "step"}
        found = step_rates(4, epochs=3, learning_rate=0.3, warmup_epochs=1, **changes)
        assert found == pytest.approx(fine)


def test_rate_of_an_epoch_is_that_of_all_its_steps() -> None:
    found = step_rates(3, epochs=4, learning_rate=0.3, warmup_epochs=1)
    expected = rates(epochs=4, learning_rate=0.3, warmup_epochs=1)
    assert found == [rate for rate in expected for _ in range(3)]


def test_steps_of_the_schedule_fall_between_epochs() -> None:
    changes: dict[str, Any] = {"schedule": "step", "step_epochs": [1], "rate_changes": "step"}
    assert step_rates(2, epochs=2, learning_rate=0.4, **changes) == pytest.approx(
        [0.4, 0.4, 0.04, 0.04]
    )
