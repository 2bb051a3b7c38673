from typing import Any

import pytest
import torch
from torch import Generator

from sau.engine.api import run_data, training_rows
from sau.engine.build import build_run
from sau.engine.loop import Run
from sau.engine.operations import count_operations
from sau.engine.settings import TrainingSettings
from sau.views.moves import source_places

IMAGES, REAL, SIDE, CLASSES = 24, 16, 16, 3
WIDTH = 2


def run_of(generator: Generator, **changes: Any) -> Run:
    pixels = torch.randint(0, 256, (IMAGES, 3, SIDE, SIDE), generator=generator, dtype=torch.uint8)
    rows = training_rows(pixels, torch.arange(IMAGES) % CLASSES, torch.arange(IMAGES) >= REAL)
    settings = TrainingSettings(
        backbone="whitened_cnn",
        width=WIDTH,
        batch_size=8,
        cutout_size=4,
        projection_hidden=5,
        projection_size=4,
        **{"epochs": 3, "data": "balanced"} | changes,
    )
    nothing = dict.fromkeys(
        ("scores", "true_labels", "test", "validation", "classes", "mean", "std")
    )
    data = run_data(rows, device=torch.device("cpu"), **nothing)
    return build_run(data, settings, seed=0)


def encoder_products() -> tuple[int, int]:
    """Multiplications and additions of one image's forward pass, and of the first layer alone."""
    first = 24 * 3 * 2 * 2 * (SIDE - 1) ** 2
    sides, total = (SIDE - 1, (SIDE - 1) // 2, (SIDE - 1) // 4), first
    channels = ((24, WIDTH), (WIDTH, 4 * WIDTH), (4 * WIDTH, 4 * WIDTH))
    for side, (inputs, outputs) in zip(sides, channels, strict=True):
        total += 9 * inputs * outputs * side**2 + 9 * outputs * outputs * (side // 2) ** 2
    return 2 * total, 2 * first


def test_plain_training_is_three_passes_of_what_learns(generator: Generator) -> None:
    """Forward, and backward to weights and inputs; images have no gradient, nor the first layer."""
    whole, first = encoder_products()
    classifier = 2 * 4 * WIDTH * CLASSES
    expected = 3 * IMAGES * (3 * (whole - first) + first + 3 * classifier)
    found = count_operations(run_of(generator, method="cross_entropy"))
    assert found == pytest.approx(expected, rel=1e-6)


def test_two_passes_of_the_network_a_step_are_twice_one(generator: Generator) -> None:
    once = count_operations(run_of(generator, method="cross_entropy"))
    twice = count_operations(run_of(generator, method="cross_entropy", sharpness_radius=0.1))
    assert twice == 2 * once


def test_start_of_an_epoch_counts(generator: Generator) -> None:
    """SAU's contrastive part alone: two passes with their heads, and two of the real images."""
    options = {"mixup_weight": 0, "cutmix_weight": 0}
    found = count_operations(run_of(generator, method="sau", options=options))
    plain = count_operations(run_of(generator, method="cross_entropy"))
    whole, _ = encoder_products()
    head = 2 * (4 * WIDTH * 5 + 5 * 5 + 5 * 4)
    # The loss itself multiplies a few vectors of four numbers.
    least = 3 * plain + 3 * 2 * (3 * IMAGES * head + REAL * (whole + head))
    assert least < found < 1.001 * least


def test_views_do_not_count_whatever_is_kept_of_earlier_ones(generator: Generator) -> None:
    run = run_of(generator, method="sau")
    source_places.cache_clear()
    first = count_operations(run)
    assert source_places.cache_info().currsize > 0
    assert count_operations(run) == first


def test_counting_leaves_the_network_as_it_is(generator: Generator) -> None:
    run = run_of(generator, method="cross_entropy")
    before = {name: value.clone() for name, value in run.network.state_dict().items()}
    count_operations(run)
    assert all(torch.equal(before[name], value) for name, value in run.network.state_dict().items())


def test_look_at_all_images_counts_where_a_method_looks(generator: Generator) -> None:
    """SURE's confidence of each image is measured in a phase's first epoch alone."""
    plain = count_operations(run_of(generator, method="sure"))
    options = {"reweight_temperature": 1.0}
    found = count_operations(run_of(generator, method="sure", options=options))
    whole, _ = encoder_products()
    assert found == pytest.approx(plain + IMAGES * (whole + 2 * 4 * WIDTH * CLASSES), rel=1e-6)
