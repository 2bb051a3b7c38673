from pathlib import Path

import pytest
import torch

from sau.core.errors import ArgumentError
from sau.data.images.memory import _free_on_linux, free_memory, refuse_too_large

GB = 10**9


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def linux(tmp_path: Path) -> Path:
    """A system with 8,000,000 KiB available, and a process in the group `jobs/mine`."""
    put(tmp_path / "proc/meminfo", "MemTotal: 9000000 kB\nMemAvailable:    8000000 kB\nHuge: 0\n")
    put(tmp_path / "proc/self/cgroup", "1:cpu:/elsewhere\n0::/jobs/mine\n")
    return tmp_path


def limit(root: Path, group: str, most: str, used: int = 0, idle: int = 0) -> None:
    folder = root / "sys/fs/cgroup" / group
    put(folder / "memory.max", f"{most}\n")
    put(folder / "memory.current", f"{used}\n")
    put(folder / "memory.stat", f"anon {used}\ninactive_file {idle}\nactive_file 5\n")


def test_memory_without_a_limit_is_what_linux_calls_available(linux: Path) -> None:
    assert _free_on_linux(linux) == 8_000_000 * 1024
    limit(linux, "jobs/mine", "max", used=7)
    assert _free_on_linux(linux) == 8_000_000 * 1024


@pytest.mark.parametrize("group", ["jobs/mine", "jobs", ""])
def test_limit_of_any_group_around_the_process(linux: Path, group: str) -> None:
    limit(linux, group, str(5 * GB), used=3 * GB, idle=GB)
    assert _free_on_linux(linux) == 3 * GB


def test_limit_is_the_least_of_several_and_none_of_other_groups(linux: Path) -> None:
    limit(linux, "jobs/other", "1")
    limit(linux, "jobs/mine", str(90 * GB))
    assert _free_on_linux(linux) == 8_000_000 * 1024
    limit(linux, "jobs", str(2 * GB), used=GB)
    assert _free_on_linux(linux) == GB


def test_memory_without_a_group_of_version_2(linux: Path) -> None:
    put(linux / "proc/self/cgroup", "4:memory:/elsewhere\n")
    assert _free_on_linux(linux) == 8_000_000 * 1024


def test_memory_where_there_is_no_linux(tmp_path: Path) -> None:
    assert _free_on_linux(tmp_path) is None


def test_memory_of_this_machine_is_more_than_none(tmp_path: Path) -> None:
    cpu = torch.device("cpu")
    assert free_memory(cpu) > 0
    assert free_memory(cpu, tmp_path) > 0, "on another system"


def test_images_must_fit_into_both_memories(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = 3 * 10 * 4 * 5
    free = {"cpu": 2 * needed, "cuda": 2 * needed}
    monkeypatch.setattr("sau.data.images.memory.free_memory", lambda device: free[device.type])
    cpu, cuda = torch.device("cpu"), torch.device("cuda")
    refuse_too_large(10, (4, 5), cuda)
    free["cuda"] -= 1
    refuse_too_large(10, (4, 5), cpu)
    with pytest.raises(ArgumentError, match="10 images of 5 x 4 pixels .* free on the cuda"):
        refuse_too_large(10, (4, 5), cuda)
    free["cpu"] -= 1
    with pytest.raises(ArgumentError, match="free on the cpu here; set it to on_demand"):
        refuse_too_large(10, (4, 5), cuda)
