"""Respaced time steps against values worked out from the published rule."""

from fractions import Fraction

import numpy as np
import pytest
from safetensors import safe_open

from sau.glide.respacing import respaced_timesteps, section_counts
from tests.paths import SHARED

GOLDEN = SHARED / "golden" / "glide_small.safetensors"


def test_respacing_of_ten_steps() -> None:
    assert respaced_timesteps("10") == [0, 111, 222, 333, 444, 555, 666, 777, 888, 999]


def test_section_that_is_alone_visits_both_ends() -> None:
    steps = respaced_timesteps("100")
    assert (len(steps), steps[0], steps[-1]) == (100, 0, 999)
    assert steps == sorted(set(steps))
    assert respaced_timesteps(100) == steps


def test_fast27_is_dense_where_the_image_is_nearly_clean() -> None:
    steps = respaced_timesteps("fast27")
    per_fifth = np.bincount(np.asarray(steps) // 200, minlength=5)
    assert per_fifth.tolist() == [10, 10, 3, 2, 2]
    # Like "10,10,3,2,2" but for the noisiest step, which GLIDE moves two steps down.
    assert steps[:-1] == respaced_timesteps("10,10,3,2,2")[:-1]
    assert steps[-1] == 997


@pytest.mark.skipif(not GOLDEN.exists(), reason="the reference vectors are not here")
@pytest.mark.parametrize(("name", "respacing"), [("base", "10"), ("up", "fast27")])
def test_time_steps_are_those_of_the_authors_code(name: str, respacing: str) -> None:
    with safe_open(GOLDEN, "pt") as file:
        assert respaced_timesteps(respacing) == file.get_tensor(f"{name}/timesteps").tolist()


@pytest.mark.parametrize(
    ("respacing", "stride"), [("ddim25", 40), ("ddim50", 20), ("ddim1000", 1), ("ddim27", 38)]
)
def test_ddim_steps_are_a_whole_stride_apart(respacing: str, stride: int) -> None:
    steps = respaced_timesteps(respacing)
    assert steps == list(range(0, 1000, stride))
    assert len(steps) == int(respacing.removeprefix("ddim"))


@pytest.mark.parametrize("count", [0, 60, 501, 1001])
def test_ddim_steps_that_no_stride_gives_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"respacing 'ddim{count}': no whole stride takes {count}"):
        respaced_timesteps(f"ddim{count}")


def test_uneven_sections_give_the_first_ones_a_step_more() -> None:
    assert respaced_timesteps("2,1,1", train_timesteps=11) == [0, 3, 4, 8]


@pytest.mark.parametrize("count", [20, 27, 50, 100, 250])
def test_steps_are_the_nearest_of_their_stride(count: int) -> None:
    stride = Fraction(999, count - 1)
    for index, step in enumerate(respaced_timesteps(count)):
        assert abs(step - index * stride) <= Fraction(1, 2) + Fraction(1, 10**9)


def test_ties_follow_the_running_sum() -> None:
    # 999 / 54 = 18.5 exactly, so every other position is a tie: rounded to even.
    steps = respaced_timesteps("55")
    assert steps[:6] == [0, 18, 37, 56, 74, 92]
    # linspace rounded half up has 19 and 93 there.
    assert np.floor(np.linspace(0, 999, 55) + 0.5)[[1, 5]].tolist() == [19, 93]


@pytest.mark.parametrize("respacing", ["", "ddim", "1,two", "0", "5,0", "-3"])
def test_nonsense_is_refused(respacing: str) -> None:
    with pytest.raises(ValueError, match="respacing"):
        section_counts(respacing)


def test_steps_that_are_too_many_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot take 11 of the 10 steps of section 0"):
        respaced_timesteps("11", train_timesteps=10)
