"""Checkpoints that are missing, cut, damaged, of another kind or malicious."""

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from sau.glide.openai import read_checkpoint


class CreatesFile:
    """Unpickled without care, it creates a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_tensors_come_back_by_name(tmp_path: Path) -> None:
    state = {"a.weight": torch.arange(6.0).view(2, 3), "a.bias": torch.ones(2).half()}
    torch.save(state, tmp_path / "new.pt")
    torch.save(state, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    for name in ("new.pt", "old.pt"):
        found = read_checkpoint(tmp_path / name)
        assert list(found) == list(state)
        assert all(torch.equal(found[key], state[key]) for key in state)


@pytest.mark.parametrize("form", ["new", "old", "pickle"])
def test_pickle_that_would_run_code_is_refused_and_nothing_runs(tmp_path: Path, form: str) -> None:
    made, path = tmp_path / "made", tmp_path / "base.pt"
    state = {"out.2.bias": CreatesFile(made)}
    if form == "pickle":
        path.write_bytes(pickle.dumps(state))
    else:
        torch.save(state, path, _use_new_zipfile_serialization=form == "new")
    with pytest.raises(ValueError, match=r".") as error:
        read_checkpoint(path)
    assert not made.exists()
    assert "\n" not in str(error.value)
    if form != "pickle":
        assert "refused: it holds" in str(error.value)
    # It is malicious indeed: what does not look runs it.
    torch.load(path, weights_only=False) if form != "pickle" else pickle.loads(path.read_bytes())
    assert made.exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_files_that_are_cut_anywhere_are_refused(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / "base.pt"
    state = {"a": torch.ones(300), "b": torch.zeros(7)}
    torch.save(state, path, _use_new_zipfile_serialization=zipped)
    data = path.read_bytes()
    for length in range(0, len(data) - 1, 37):
        path.write_bytes(data[:length])
        # A name of torch's own that is cut short is one that it does not know.
        with pytest.raises(ValueError, match="not a whole PyTorch checkpoint|refused: it holds"):
            read_checkpoint(path)


@pytest.mark.parametrize("data", [b"", b"<html>404</html>", b"PK\x03\x04 no archive", b"\x80\x02."])
def test_files_of_another_kind_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "base.pt"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"base.pt: not a whole PyTorch checkpoint"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([torch.ones(1)], "holds a list; expected a dictionary of tensors"),
        ({"step": 3}, "'step' is a int; expected a dictionary of tensors"),
        ({"model": {"a": torch.ones(1)}}, "'model' is a dict"),
    ],
)
def test_contents_that_do_not_fit_are_refused_by_name(
    tmp_path: Path, content: Any, message: str
) -> None:
    torch.save(content, tmp_path / "base.pt")
    with pytest.raises(ValueError, match=message):
        read_checkpoint(tmp_path / "base.pt")


def test_missing_checkpoint_says_where_it_comes_from(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such checkpoint; `sau fetch glide` downloads"):
        read_checkpoint(tmp_path / "base.pt")
