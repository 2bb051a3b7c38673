from collections.abc import Iterator

import pytest
import torch

from benchmarks.data import RandomImages, random_images

TINY = ["--device", "cpu", "--threads", "1", "--seconds", "0"]
TINY_NETWORK = [
    *("--backbone", "resnet8", "--width", "4", "--batch-size", "8"),
    *("--classes", "3", "--steps", "2"),
]


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    """Give back the threads that a benchmark has set."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def images() -> RandomImages:
    return random_images(16, 3)
