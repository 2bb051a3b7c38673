"""A shard that was drawn is not drawn again after a refused job, or for the same inputs."""

import logging
import os

import pytest
from PIL import Image

from sau.core.errors import UserError
from sau.storage import provenance
from sau.storage.reuse import TAKEN
from tests.pipeline.images.conftest import Inputs
from tests.pipeline.images.quick import Quick


def test_refused_job_costs_no_picture(quick: Inputs, caplog: pytest.LogCaptureFixture) -> None:
    path = quick.run()
    drawn = path.read_bytes()
    path.unlink()  # as Snakemake does before a job
    with pytest.raises(UserError, match="tiny-glyde"):
        quick.run(model="tiny-glyde")
    Quick.sizes.clear()
    with caplog.at_level(logging.INFO):
        assert quick.run().read_bytes() == drawn
    assert Quick.sizes == []
    assert TAKEN in caplog.text


def test_change_of_settings_or_prompts_draws(quick: Inputs) -> None:
    first = quick.run(seed=1).read_bytes()
    second = quick.run(seed=2).read_bytes()
    assert first != second
    quick.write_prompts(7, "Another {name}.")
    assert quick.run(seed=2).read_bytes() != second
    assert sum(Quick.sizes) == 3 * 7


def test_prompts_written_again_draw_nothing(quick: Inputs) -> None:
    path = quick.run()
    drawn = path.read_bytes()
    quick.write_prompts(7)
    later = path.stat().st_mtime_ns + 10**9
    os.utime(quick.folder / "prompts.parquet", ns=(later, later))
    assert quick.run().read_bytes() == drawn
    assert sum(Quick.sizes) == 7


def test_damaged_shard_that_was_deleted_is_drawn_again(quick: Inputs) -> None:
    """Its second name is the same file, with the same damage."""
    path = quick.run()
    drawn = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(len(drawn) // 2)
        file.write(b"\0damage\0")
    path.unlink()
    assert quick.run().read_bytes() == drawn
    assert sum(Quick.sizes) == 2 * 7


def test_change_of_libraries_draws(quick: Inputs, monkeypatch: pytest.MonkeyPatch) -> None:
    quick.run()
    monkeypatch.setattr(provenance, "versions", lambda _: {"python": "2.7"})
    quick.run()
    assert sum(Quick.sizes) == 2 * 7


def test_batches_of_a_change_that_was_taken_back_are_gone(
    quick: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick.run(batch_size=2)
    monkeypatch.setattr(Quick, "most", len(Quick.sizes) + 1)
    with pytest.raises(RuntimeError, match="killed"):
        quick.run(batch_size=2, seed=9)
    assert (quick.folder / "shard-0.batches").exists()
    quick.run(batch_size=2)
    assert not (quick.folder / "shard-0.batches").exists()


def test_imported_images_leave_nothing_of_drawn_ones(quick: Inputs) -> None:
    picture = quick.folder / "pictures" / "zero" / "0.png"
    picture.parent.mkdir(parents=True)
    Image.new("RGB", (4, 4)).save(picture)
    quick.run()
    assert (quick.folder / "shard-0.reuse").exists()
    quick.import_from(picture.parents[1])
    assert not (quick.folder / "shard-0.reuse").exists()
