"""Results outlive the removal of a job's outputs, and are taken back as they were or not at all."""

import logging
import os
import shutil
from pathlib import Path

import pytest

from sau.core.errors import UserError
from sau.storage.process import this_machine
from sau.storage.reuse import RECORD, ReusableResults
from tests.storage.limits import no_more_files


@pytest.fixture
def outputs(tmp_path: Path) -> dict[str, Path]:
    """A file and a folder, as a job writes them."""
    made = {"table": tmp_path / "table.parquet", "model": tmp_path / "model"}
    made["table"].write_bytes(b"rows")
    (made["model"] / "deep").mkdir(parents=True)
    (made["model"] / "config.json").write_bytes(b"{}")
    (made["model"] / "deep" / "weights").write_bytes(b"")
    return made


def read_all(outputs: dict[str, Path]) -> list[bytes]:
    model = outputs["model"]
    paths = [outputs["table"], model / "config.json", model / "deep" / "weights"]
    return [path.read_bytes() for path in paths]


def remove(outputs: dict[str, Path]) -> None:
    """Do what Snakemake does before a job."""
    outputs["table"].unlink()
    shutil.rmtree(outputs["model"])


def test_files_and_folders_come_back_under_their_names(tmp_path: Path, outputs) -> None:
    written = read_all(outputs)
    ReusableResults(tmp_path / "kept", "a").store(outputs)
    for _ in range(2):
        remove(outputs)
        again = ReusableResults(tmp_path / "kept", "a")
        assert again.holds()
        again.take_back(outputs)
        assert read_all(outputs) == written
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "model", "table.parquet"]


def test_kept_file_takes_no_room_of_its_own(tmp_path: Path, outputs) -> None:
    ReusableResults(tmp_path / "kept", "a").store(outputs)
    assert (tmp_path / "kept" / "table").samefile(outputs["table"])
    remove(outputs)
    ReusableResults(tmp_path / "kept", "a").take_back(outputs)
    assert (tmp_path / "kept" / "table").samefile(outputs["table"])


def test_outputs_taken_back_are_newer_than_what_stood_before(tmp_path: Path, outputs) -> None:
    os.utime(outputs["table"], (1, 1))
    kept = ReusableResults(tmp_path / "kept", "a")
    kept.store(outputs)
    remove(outputs)
    (tmp_path / "input").touch()
    kept.take_back(outputs)
    assert outputs["table"].stat().st_mtime_ns >= (tmp_path / "input").stat().st_mtime_ns


def test_outputs_of_another_identity_are_not_held(tmp_path: Path, outputs) -> None:
    assert not ReusableResults(tmp_path / "kept", "a").holds()
    ReusableResults(tmp_path / "kept", "a").store(outputs)
    assert not ReusableResults(tmp_path / "kept", "b").holds()
    ReusableResults(tmp_path / "kept", "b").store(outputs)
    assert not ReusableResults(tmp_path / "kept", "a").holds()


def test_files_of_the_former_results_are_gone(tmp_path: Path, outputs) -> None:
    ReusableResults(tmp_path / "kept", "a").store(outputs)
    ReusableResults(tmp_path / "kept", "b").store({"table": outputs["table"]})
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == [RECORD, "table"]


@pytest.mark.parametrize("name", ["table", "model/config.json"])
@pytest.mark.parametrize("damage", ["other bytes", "gone"])
def test_damaged_file_is_not_taken_back(
    tmp_path: Path, outputs, name: str, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    ReusableResults(tmp_path / "kept", "a").store(outputs)
    path = tmp_path / "kept" / name
    path.unlink()
    if damage == "other bytes":
        path.write_bytes(b"rowz")
    assert not ReusableResults(tmp_path / "kept", "a").holds()
    assert f"{name} is not as it was written; made again" in caplog.text
    assert not (tmp_path / "kept").exists()
    assert (tmp_path / "kept.damaged").is_dir()


def test_damaged_record_is_not_followed(tmp_path: Path, outputs, caplog) -> None:
    ReusableResults(tmp_path / "kept", "a").store(outputs)
    (tmp_path / "kept" / RECORD).write_text('{"identity": "a", "sha')
    assert not ReusableResults(tmp_path / "kept", "a").holds()
    assert f"{RECORD} is not as it was written" in caplog.text


def test_file_system_without_hard_links_keeps_nothing(
    tmp_path: Path, outputs, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with caplog.at_level(logging.WARNING):
        ReusableResults(tmp_path / "kept", "a").store(outputs)
    assert "no second names" in caplog.text
    assert "Operation not permitted" in caplog.text
    assert not (tmp_path / "kept").exists()
    assert not ReusableResults(tmp_path / "kept", "a").holds()


def test_place_that_cannot_be_written_is_one_line(tmp_path: Path, outputs) -> None:
    kept = ReusableResults(tmp_path / "kept", "a")
    kept.store(outputs)
    remove(outputs)
    (tmp_path / "model").write_bytes(b"a file where the folder should stand")
    with pytest.raises(UserError, match=r"cannot write .*config\.json"):
        kept.take_back(outputs)


def test_kept_files_are_copied_where_links_are_not_to_be_had(
    tmp_path: Path, outputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder was copied to another disk, or belongs to another user."""
    written = read_all(outputs)
    kept = ReusableResults(tmp_path / "kept", "a")
    kept.store(outputs)
    remove(outputs)

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    kept.take_back(outputs)
    assert read_all(outputs) == written


@pytest.mark.parametrize("text", ["{}", "[]", "null", '{"identity": "a", "sha256": 3}'])
def test_record_of_another_form_is_not_followed(tmp_path: Path, text: str, caplog) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / RECORD).write_text(text)
    assert not ReusableResults(tmp_path / "kept", "a").holds()
    assert "not as it was written" in caplog.text


def test_file_in_the_folders_place_is_put_aside(tmp_path: Path, outputs) -> None:
    (tmp_path / "kept").write_text("no folder")
    kept = ReusableResults(tmp_path / "kept", "a")
    assert not kept.holds()
    kept.store(outputs)
    assert ReusableResults(tmp_path / "kept", "a").holds()
    assert (tmp_path / "kept.damaged").read_text() == "no folder"


def test_files_of_a_killed_job_are_removed(tmp_path: Path, outputs) -> None:
    kept = ReusableResults(tmp_path / "kept", "a")
    kept.store(outputs)
    gone = tmp_path / f".table.parquet.host-{this_machine()}-{2**22 + 1}-0123abcd.part"
    os.link(outputs["table"], gone)
    kept.take_back(outputs)
    assert not gone.exists()


def test_results_that_cannot_be_had_now_are_not_made_again(
    outputs: dict[str, Path], tmp_path: Path
) -> None:
    stored = ReusableResults(tmp_path / "table.reuse", "one")
    stored.store(outputs)
    with pytest.raises(UserError, match="Too many open files.*may well be whole"), no_more_files():
        stored.holds()
    assert stored.holds()
    assert not list(tmp_path.glob("*.damaged*"))
