"""Each in a process of its own: it cannot be undone, and memory that others left would tell."""

import json
import os
import platform
import subprocess
import sys

import pytest

PROGRAM = """
import json, resource, sys, torch
from sau.device.kept_memory import keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(64 * 2**20, dtype=torch.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

before = [faults() for _ in range(3)]
keep_freed_memory()
print(json.dumps([before, [faults() for _ in range(12)]]))
"""

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc's malloc")


def faults_of_tensors(environment: dict[str, str]) -> tuple[list[int], list[int]]:
    """Pages that the kernel had to find for tensors of 64 MiB, before and after."""
    own = {name: value for name, value in os.environ.items() if "MALLOC" not in name}
    own.pop("GLIBC_TUNABLES", None)
    own.pop("LD_PRELOAD", None)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=own | environment,
        check=True,
        capture_output=True,
        text=True,
    )
    before, after = json.loads(done.stdout)
    return before, after


def test_a_large_tensor_takes_the_memory_of_the_one_before() -> None:
    before, after = faults_of_tensors({})
    # Of the last, as the first ones find no hole of their size; of pages of 2 MiB there are 32.
    assert min(before) >= 32
    assert min(after[-4:]) < 32


def test_whoever_has_told_glibc_what_to_do_is_heeded() -> None:
    _, after = faults_of_tensors({"MALLOC_ARENA_MAX": "4"})
    assert min(after) >= 32
