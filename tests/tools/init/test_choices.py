"""Settings that fit a data set."""

import numpy as np
import pytest

from sau.metrics.shots import shots
from sau.tools.init.choices import Machine, choose, shot_bounds

CPU, GPU = Machine(has_gpu=False), Machine(has_gpu=True)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([900, 50, 10], (100, 20)),
        ([60, 40, 30, 20, 10, 5], (30, 10)),
        ([500, 400, 300], (400, 300)),
        ([7, 7, 7, 7], (7, 7)),
        ([30, 1], (1, 1)),
    ],
)
def test_bounds_are_the_fields_or_thirds(counts, expected):
    many_above, few_at_most = shot_bounds(counts)
    assert (many_above, few_at_most) == expected
    shots(np.array(counts), many_above=many_above, few_at_most=few_at_most)


def test_thirds_have_all_kinds_where_counts_differ():
    found = shots(
        np.arange(1, 10) * 5,
        **dict(zip(("many_above", "few_at_most"), shot_bounds(range(5, 50, 5)), strict=True)),
    )
    assert {kind: int((found == kind).sum()) for kind in ("many", "medium", "few")} == {
        "many": 3,
        "medium": 3,
        "few": 3,
    }


@pytest.mark.parametrize(
    ("sides", "machine", "expected"),
    [([500] * 9, CPU, 48), ([500] * 9, GPU, 64), ([28] * 9, GPU, 32), ([60, 50, 20], GPU, 48)],
)
def test_image_size_is_what_images_have_and_the_machine_bears(sides, machine, expected):
    assert choose([5, 4], sides, machine).image_size == expected


def test_large_sets_are_decoded_on_demand_and_seen_less_often():
    small, large = choose([50, 5], [64], CPU), choose([10**6, 10], [64], CPU)
    assert (small.decode, large.decode) == ("ahead", "on_demand")
    assert small.epochs > large.epochs
    assert choose([50, 5], [64], GPU).device == "cuda"


def test_pretrained_network_sees_larger_images_and_learns_sooner():
    with_weights = [Machine(has_gpu=has_gpu, has_weights=True) for has_gpu in (False, True)]
    on_cpu, on_gpu = (choose([2000, 500], [150], machine) for machine in with_weights)
    assert (on_cpu.image_size, on_cpu.input_size, on_cpu.epochs) == (96, 96, 5)
    assert (on_gpu.image_size, on_gpu.input_size, on_gpu.epochs) == (128, 224, 20)
    assert choose([50, 5], [500], CPU).input_size is None


def test_pretrained_network_takes_enough_steps_on_a_handful_of_photographs():
    machine = Machine(has_gpu=False, has_weights=True)
    assert choose([80, 20], [500], machine).epochs == 60, "two steps of 64 images each"
    assert choose([800, 200], [500], machine).epochs == 10
