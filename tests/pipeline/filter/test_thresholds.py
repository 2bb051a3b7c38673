import numpy as np
import pytest

from sau.pipeline.filter.thresholds import below, other_class
from tests.pipeline.filter.conftest import words_of


def test_threshold_rejects_what_is_lower_and_keeps_what_is_equal() -> None:
    figures = np.array([0.1, 0.3, 0.5], dtype=np.float32)
    assert words_of(below(figures, 0.3, "contrast")) == ["contrast 0.1, below 0.3", None, None]


@pytest.mark.parametrize("least", [0.1, 0.2, 0.3, 0.7, -0.6, 0.123456])
def test_stored_figure_passes_its_own_value_as_a_limit(least: float) -> None:
    """0.7 in float32 is less than 0.7."""
    assert words_of(below(np.array([least], dtype=np.float32), least, "score")) == [None]


def test_class_that_clip_sees_is_named() -> None:
    column = other_class(
        np.array([0, 2, 1]), np.array([0, 0, 1]), np.array([0.9, 0.75, 0.5]), ["ant", "bee", "cat"]
    )
    assert words_of(column) == [None, "CLIP takes it for cat (probability 0.75)", None]
