"""Wrecks: put aside beside their place, one after the other."""

from pathlib import Path

import pytest

from sau.core.errors import UserError
from sau.storage.wrecks import put_aside


def test_wrecks_are_put_aside_one_beside_the_other(tmp_path: Path) -> None:
    place = tmp_path / "checkpoint"
    for name in ("checkpoint.damaged", "checkpoint.damaged-1", "checkpoint.damaged-2"):
        place.mkdir()
        (place / "part").write_text(name)
        assert put_aside(place) == tmp_path / name
        assert (tmp_path / name / "part").read_text() == name
        assert not place.exists()


def test_wreck_that_another_process_has_put_aside_is_no_error(tmp_path: Path) -> None:
    put_aside(tmp_path / "gone")
    assert list(tmp_path.iterdir()) == []


def test_wreck_that_cannot_be_renamed_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(UserError, match="cannot be put aside .Permission denied.; remove it"):
        put_aside(tmp_path)
