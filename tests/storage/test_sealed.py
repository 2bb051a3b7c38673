from pathlib import Path

import pytest

from sau.core.errors import UserError
from sau.storage.sealed import BrokenSealError, put_aside, sealed_text, unsealed

VALUES = {
    "epoch": 3,
    "history": [[1, "loss/total", 1 / 3]],
    "large": 2**100,
    "text": "Zürich \ud800",
}


def test_sealed_values_come_back() -> None:
    assert unsealed(sealed_text(VALUES)) == VALUES
    assert unsealed(sealed_text(VALUES, indent=2)) == VALUES


@pytest.mark.parametrize(
    "text",
    [
        *("", "null", "3", "[]", "{}", '{"seal": 3}', '{"seal": null, "epoch": 3}', "[" * 100_000),
        sealed_text(VALUES).replace("3", "4", 1),
        sealed_text(VALUES).replace("epoch", "Epoch"),
    ],
)
def test_texts_without_a_true_seal_are_refused(text: str) -> None:
    with pytest.raises(BrokenSealError):
        unsealed(text)


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
