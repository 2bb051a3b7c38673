import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from sau.core.errors import UserError
from sau.storage import parts
from sau.storage.part_index import INDEX_FILE, UnreadablePartsError, read_about
from sau.storage.parts import read_parts, remove_parts, write_parts

OLD = {"a": torch.arange(1000), "b": torch.ones(3)}
SMALL = 5000
NEW = {"a": torch.arange(1000) + 1, "b": torch.zeros(3), "c": torch.arange(700.0)}


def write_small(folder: Path, tensors: dict[str, Tensor], about: dict[str, Any]) -> None:
    """Write parts of `SMALL` bytes that hold 4,000 bytes of tensors each."""
    write_parts(folder, tensors, about, SMALL, 1000)


def equal(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(
        torch.equal(first[name], second[name]) and first[name].dtype == second[name].dtype
        for name in first
    )


def test_tensors_of_any_kind_come_back(tmp_path: Path) -> None:
    tensors = {
        "large": torch.randn(7, 3, 250),
        "one row": torch.arange(3000, dtype=torch.int64)[None],
        "half": torch.randn(2100).bfloat16(),
        "truth": torch.tensor([True, False]),
        "number": torch.tensor(3),
        "nothing": torch.empty(0, 4),
        "large/0": torch.ones(2),
    }
    write_small(tmp_path / "x", tensors, {"epoch": 3, "mixing": 2**100})
    assert equal(read_parts(tmp_path / "x"), tensors)
    assert read_about(tmp_path / "x") == {"epoch": 3, "mixing": 2**100}
    sizes = [path.stat().st_size for path in (tmp_path / "x").glob("part-*")]
    total = sum(tensor.nbytes for tensor in tensors.values())
    assert len(sizes) == total // 4000 + 1
    assert max(sizes) < 5000


def test_files_stay_below_the_limit(tmp_path: Path) -> None:
    tensors = {"a": torch.zeros(3, 3_000_000), "b": torch.ones(3_000_000)}
    write_parts(tmp_path, tensors, {}, 16_000_000)
    assert equal(read_parts(tmp_path), tensors)
    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert max(sizes) < 16_000_000
    assert 48_000_000 < sum(sizes) < 48_010_000


def test_tensors_are_whole_and_in_one_file_without_a_limit(tmp_path: Path) -> None:
    tensors = {"a": torch.zeros(3, 3_000_000), "b": torch.ones(3_000_000)}
    write_parts(tmp_path, tensors, {})
    (part,) = tmp_path.glob("part-*")
    assert part.stat().st_size > 48_000_000
    assert load_file(part).keys() == tensors.keys()
    assert equal(read_parts(tmp_path), tensors)


def test_new_checkpoint_replaces_all_of_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "mine.safetensors").write_text("no part")
    (tmp_path / "part-0123456789abcdef.safetensors").write_text("left by a kill")
    (tmp_path / ".part-0123456789abcdee.safetensors.part").write_text("left by a kill")
    for tensors in (OLD, NEW):
        write_small(tmp_path, tensors, {})
    names = {path.name for path in tmp_path.iterdir()}
    assert equal(read_parts(tmp_path), NEW)
    assert len(names) == len(read_index_parts(tmp_path)) + 2
    assert {INDEX_FILE, "mine.safetensors"} <= names
    remove_parts(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.safetensors"]


def read_index_parts(folder: Path) -> list[str]:
    return [part["file"] for part in parts.read_index(folder)["parts"]]


@pytest.mark.parametrize("writes", range(5))
def test_kill_between_two_writes_leaves_the_old_one_or_the_new(
    writes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real SIGKILL: in a child, before the write after so many; the index is the last write."""
    write_small(tmp_path, OLD, {"epoch": 1})
    process = os.fork()
    if process == 0:
        die_after(writes, monkeypatch)
        write_small(tmp_path, NEW, {"epoch": 2})
        os._exit(0)
    status = os.waitpid(process, 0)[1]
    is_new = writes == 4
    assert os.WIFSIGNALED(status) != is_new
    assert equal(read_parts(tmp_path), NEW if is_new else OLD)
    assert read_about(tmp_path) == {"epoch": 2 if is_new else 1}
    write_small(tmp_path, NEW, {"epoch": 3})
    assert equal(read_parts(tmp_path), NEW)
    assert len(list(tmp_path.iterdir())) == len(read_index_parts(tmp_path)) + 1


def die_after(writes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process kill itself in the write after so many."""
    left = [writes]
    for name in ("write_bytes", "write_text"):
        write = getattr(parts, name)

        def write_or_die(*arguments: object, write: object = write) -> None:
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1
            write(*arguments)  # type: ignore[operator]

        monkeypatch.setattr(parts, name, write_or_die)


def test_write_that_fails_leaves_the_old_one_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_small(tmp_path, OLD, {})
    before = sorted(tmp_path.iterdir())

    def refuse(*_: object) -> None:
        raise UserError("cannot write")

    with monkeypatch.context() as patch, pytest.raises(UserError):
        patch.setattr(parts, "write_text", refuse)
        write_small(tmp_path, NEW, {})
    assert sorted(tmp_path.iterdir()) == before
    assert equal(read_parts(tmp_path), OLD)


def test_damage_is_found_and_named(tmp_path: Path) -> None:
    write_small(tmp_path, NEW, {})
    path = tmp_path / read_index_parts(tmp_path)[1]
    whole = path.read_bytes()
    damages = {
        f"{len(whole) - 9} bytes, expected {len(whole)}": whole[:-9],
        "its hash is not": whole[:-1] + bytes([whole[-1] ^ 1]),
    }
    for message, data in damages.items():
        path.write_bytes(data)
        with pytest.raises(UnreadablePartsError, match=f"{path.name}: .*{message}"):
            read_parts(tmp_path)
    path.unlink()
    with pytest.raises(UnreadablePartsError, match=f"{path.name}: No such file"):
        read_parts(tmp_path)
    for text in ("", "[]", "{}"):
        (tmp_path / INDEX_FILE).write_text(text)
        with pytest.raises(UnreadablePartsError, match=INDEX_FILE):
            read_parts(tmp_path)
