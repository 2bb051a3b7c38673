"""How much memory is left, so that images that do not fit are refused before they are decoded."""

import os
from collections.abc import Iterator
from pathlib import Path

import torch

from sau.core.errors import ArgumentError
from sau.data.decode import Size


def refuse_too_large(count: int, size: Size, device: torch.device) -> None:
    """Refuse images that, decoded all at once, would take more than half of what is free.

    The rest is for their views, the network and other runs.

    Args:
        count: N.
        size: height and width in pixels.
        device: where they will be; on their way there, all of them are in the CPU's memory.

    Raises:
        ArgumentError: they would; it names `decode`, and says what to set.
    """
    height, width = size
    needed = 3 * count * height * width
    for place in dict.fromkeys((torch.device("cpu"), device)):
        free = free_memory(place)
        if 2 * needed > free:
            raise ArgumentError(
                f"decode: ahead, but {count} images of {width} x {height} pixels take "
                f"{_text(needed)} decoded, more than half of the {_text(free)} free on the "
                f"{place.type} here; set it to on_demand"
            )


def free_memory(device: torch.device, root: Path = Path("/")) -> int:
    """Return the bytes that this process can still take.

    On CUDA, what the driver calls free. On the CPU, what Linux calls available, or what the
    process's control groups (version 2) leave it, if that is less; all memory on other systems.

    Args:
        device: whose memory.
        root: where `proc` and `sys` are mounted.
    """
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return _free_on_linux(root) or os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _free_on_linux(root: Path) -> int | None:
    """Return the CPU's free memory in bytes; None if `root` is no Linux system's."""
    facts = root / "proc/meminfo"
    if not facts.exists():
        return None
    available = _named_numbers(facts)["MemAvailable:"] * 1024
    return min([available, *_left_by_groups(root)])


def _left_by_groups(root: Path) -> Iterator[int]:
    """Yield what each control group around the process, where it has a limit, leaves."""
    own = (root / "proc/self/cgroup").read_text().splitlines()
    group = next((line.removeprefix("0::/") for line in own if line.startswith("0::/")), None)
    if group is None:
        return
    top = root / "sys/fs/cgroup"
    for folder in [top / group, *(top / parent for parent in Path(group).parents)]:
        limit = folder / "memory.max"
        if not limit.exists() or limit.read_text().strip() == "max":
            continue
        used = int((folder / "memory.current").read_text())
        # Pages of files that nobody has used lately are given up before anything fails.
        idle = _named_numbers(folder / "memory.stat")["inactive_file"]
        yield int(limit.read_text()) - used + idle


def _named_numbers(file: Path) -> dict[str, int]:
    lines = (line.split() for line in file.read_text().splitlines())
    return {words[0]: int(words[1]) for words in lines if len(words) > 1}


def _text(count: int) -> str:
    return f"{count / 1e9:.2g} GB"
