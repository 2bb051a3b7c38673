import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sau.core.errors import UserError
from sau.data.images.byte_file import ByteFile

PARTS = [os.urandom(n) for n in (3, 0, 70_000, 1, 0)]


def test_strings_in_any_order_and_by_several_threads(tmp_path: Path) -> None:
    file = ByteFile(iter(PARTS), tmp_path / "new" / "folder")
    assert len(file) == 5
    places = [4, 2, 0, 1, 2, 3] * 20
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(file.read, places)) == [PARTS[place] for place in places]


def test_folder_is_left_empty(tmp_path: Path) -> None:
    file = ByteFile(PARTS, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert file.read(0) == PARTS[0]


def test_strings_are_taken_one_by_one(tmp_path: Path) -> None:
    alive = 0

    class Part(bytes):
        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def parts() -> Iterator[bytes]:
        nonlocal alive
        for _ in range(50):
            alive += 1
            assert alive <= 2
            yield Part(1000)

    assert len(ByteFile(parts(), tmp_path)) == 50


def test_disk_that_cannot_be_written_is_the_users_to_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").write_text("a file where a folder is wanted")
    with pytest.raises(UserError, match="encoded images to a file in .*taken: File exists"):
        ByteFile(PARTS, tmp_path / "taken")
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no device that is always full")
    opened = full.open("w+b", buffering=0)
    monkeypatch.setattr("tempfile.TemporaryFile", lambda dir: opened)  # noqa: A006
    with pytest.raises(UserError, match="No space left on device; make room there"):
        ByteFile(PARTS, tmp_path)
