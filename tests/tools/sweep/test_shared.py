"""Second names of one value's results, below another value's folder."""

import errno
import os
from pathlib import Path

import pytest
import torch

from sau.pipeline.personalise.learned_classes import LearnedClasses
from sau.pipeline.personalise.sealed_tensors import save_sealed
from sau.storage.reuse import RECORD, ReusableResults
from sau.tools.sweep.shared import offer, offer_learned


def stored(results: Path, text: str) -> ReusableResults:
    """Store a result as a job does."""
    output = results / "images" / "shard-0.parquet"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text)
    reusable = ReusableResults(output.with_suffix(".reuse"), "this")
    reusable.store({"images": output})
    return reusable


def test_other_run_finds_what_the_first_has_made(tmp_path: Path) -> None:
    stored(tmp_path / "first", "pictures")
    assert offer(tmp_path / "first", tmp_path / "other") == 1
    found = ReusableResults(tmp_path / "other/images/shard-0.reuse", "this")
    assert found.holds()
    taken = tmp_path / "other/images/shard-0.parquet"
    found.take_back({"images": taken})
    assert taken.read_text() == "pictures"
    first = tmp_path / "first/images/shard-0.parquet"
    assert not taken.samefile(first), "or a new time of the one would be the other's, too"
    found.remove()
    assert (tmp_path / "first/images/shard-0.reuse/images").read_text() == "pictures"


def test_what_the_other_run_has_of_its_own_stays(tmp_path: Path) -> None:
    stored(tmp_path / "first", "pictures")
    own = stored(tmp_path / "other", "its own")
    assert offer(tmp_path / "first", tmp_path / "other") == 0
    assert (own.folder / "images").read_text() == "its own"


def test_later_results_of_the_first_run_take_the_place_of_earlier_ones(tmp_path: Path) -> None:
    own = stored(tmp_path / "other", "its own")
    first = stored(tmp_path / "first", "made again")
    later = (own.folder / RECORD).stat().st_mtime_ns + 1
    os.utime(first.folder / RECORD, ns=(later, later))
    assert offer(tmp_path / "first", tmp_path / "other") == 1
    assert (own.folder / "images").read_text() == "made again"
    assert offer(tmp_path / "first", tmp_path / "other") == 0, "it is there already"


def test_what_a_generator_has_learned_is_offered_by_what_it_depends_on(tmp_path: Path) -> None:
    learned = LearnedClasses(tmp_path / "first/personalise/shard-0").file("a dog", "1234")
    save_sealed(learned, {"w": torch.ones(2)})
    learned.with_suffix(".checkpoint").write_text("of one at work")
    assert offer_learned(tmp_path / "first", tmp_path / "other") == 1
    other = LearnedClasses(tmp_path / "other/personalise/shard-0")
    taken = other.file("a dog", "1234")
    assert other.holds(taken)
    assert not other.holds(other.file("a dog", "5678"))
    assert [file.name for file in taken.parent.iterdir()] == ["1234.safetensors"]
    assert offer_learned(tmp_path / "first", tmp_path / "other") == 0, "it is there already"
    (tmp_path / "done/personalise/shard-0").mkdir(parents=True)
    assert offer_learned(tmp_path / "first", tmp_path / "done") == 0, "it has learned"
    other.keep_only(other.file("a dog", "5678"))
    assert (learned.is_file(), taken.is_file()) == (True, False), "one name of two is gone"


def test_without_hard_links_nothing_is_half_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stored(tmp_path / "first", "pictures")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    assert offer(tmp_path / "first", tmp_path / "other") == 0
    assert not (tmp_path / "other/images/shard-0.reuse").exists()
    assert caplog.text.count("no links here") == 1
    save_sealed(
        LearnedClasses(tmp_path / "first/personalise/shard-0").file("a", "1"), {"w": torch.ones(2)}
    )
    assert offer_learned(tmp_path / "first", tmp_path / "other") == 0
    assert caplog.text.count("learned anew") == 1
