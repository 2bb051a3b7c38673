import platform
import resource
from pathlib import Path

import pytest
import torch

from sau.device.kept_memory import freed_memory_kept

PAGE, BYTES = 4096, 64 * 2**20

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc's malloc")


def faults_of_a_tensor() -> int:
    """Return how many pages the kernel had to find for a tensor that is freed at once."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(BYTES, dtype=torch.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE


def test_a_large_tensor_takes_the_memory_of_the_one_before() -> None:
    with freed_memory_kept():
        faults = min(faults_of_a_tensor() for _ in range(5))
    assert faults < BYTES / PAGE / 100


def test_without_it_each_tensor_is_of_new_pages() -> None:
    # Fewer than one for each 4 KiB where the kernel hands out huge pages.
    assert min(faults_of_a_tensor() for _ in range(5)) >= BYTES / (2 * 2**20)


def test_memory_is_given_back_in_the_end() -> None:
    with freed_memory_kept():
        tensors = [torch.ones(BYTES, dtype=torch.uint8) for _ in range(4)]
        tensors.clear()
        kept = resident_bytes()
    assert resident_bytes() < kept - 2 * BYTES
