"""A killed shard goes on after its last finished batch, and ends in the same bytes."""

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sau.pipeline.images import generate
from sau.pipeline.images.finished import FinishedBatches
from sau.pipeline.images.image_generator import Drawn, ImageGenerator
from sau.pipeline.images.rows import Task, images_rows
from sau.pipeline.images.wanted import Wanted
from sau.storage import manifest
from tests.paths import ROOT
from tests.pipeline.images.conftest import Inputs
from tests.pipeline.images.quick import Quick

BATCH = 2


def kill_after(batches: int, quick: Inputs) -> None:
    """Run the shard, and let the batch after so many raise."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(RuntimeError, match="killed"):
        patch.setattr(Quick, "sizes", [])
        patch.setattr(Quick, "most", batches)
        quick.run(batch_size=BATCH)


@pytest.mark.parametrize("batches", [0, 1, 3])
def test_batches_that_are_finished_are_not_drawn_again(quick: Inputs, batches: int) -> None:
    expected = quick.run(name="whole", batch_size=BATCH).read_bytes()
    kill_after(batches, quick)
    left = quick.folder / "shard-0.batches"
    assert len(list(left.glob("*"))) == batches
    Quick.sizes.clear()
    assert quick.run(batch_size=BATCH).read_bytes() == expected
    assert sum(Quick.sizes) == 7 - BATCH * batches
    assert not left.exists()


@pytest.mark.parametrize("changed", [{"guidance_scale": 2.0}, {"seed": 3}, {"steps": "2"}])
def test_change_of_settings_starts_afresh(
    quick: Inputs, caplog: pytest.LogCaptureFixture, changed: dict[str, Any]
) -> None:
    expected = quick.run(name="whole", batch_size=BATCH, **changed).read_bytes()
    kill_after(2, quick)
    with caplog.at_level(logging.WARNING):
        assert quick.run(batch_size=BATCH, **changed).read_bytes() == expected
    assert "batches of other settings, prompts, weights or code; starting afresh" in caplog.text


def test_change_of_prompts_starts_afresh(quick: Inputs) -> None:
    kill_after(2, quick)
    quick.write_prompts(7, "Another {name}.")
    expected = quick.run(name="whole", batch_size=BATCH).read_bytes()
    assert quick.run(batch_size=BATCH).read_bytes() == expected


def test_file_depends_on_no_batches(quick: Inputs) -> None:
    """But for what it records of the settings: more rows than are put together at once."""
    quick.write_prompts(150)
    tables = [
        manifest.read(quick.run(name=f"by-{size}", batch_size=size), "images") for size in (150, 16)
    ]
    assert tables[0].equals(tables[1])
    assert tables[0]["id"].num_chunks == tables[1]["id"].num_chunks


@pytest.mark.slow
def test_process_that_is_killed_loses_one_batch(inputs: Inputs) -> None:
    inputs.write_prompts(32)
    expected = inputs.run(name="whole", batch_size=BATCH).read_bytes()
    output, left = inputs.folder / "shard-0.parquet", inputs.folder / "shard-0.batches"
    words = [sys.executable, "-m", "sau", "images", "--shard", "0", "--shards", "1"]
    files = ["--train-images", "train.parquet", "--prompts", "prompts.parquet"]
    flags = [
        "--output",
        output.name,
        "--source",
        "glide",
        "--steps",
        "3",
        "--batch-size",
        str(BATCH),
    ]
    process = subprocess.Popen(
        [*words, *files, *flags],
        cwd=inputs.folder,
        env={**os.environ, "PYTHONPATH": os.fspath(ROOT)},
        stderr=subprocess.DEVNULL,
    )
    wait_for_batches(left, 3, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not output.exists()
    finished = len(list(left.glob("batch-*.parquet")))
    assert 3 <= finished < 16
    for path in left.glob("batch-*.parquet"):
        assert manifest.read(path, "images").num_rows == BATCH
    assert inputs.run(batch_size=BATCH).read_bytes() == expected
    assert not left.exists()


def wait_for_batches(folder: Path, count: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 300
    while len(list(folder.glob("batch-*.parquet"))) < count:
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline, "no batches came"
        time.sleep(0.005)


def spoil(path: Path, way: str) -> None:
    """Let a file be cut short, altered, empty, a folder, or something else."""
    data = path.read_bytes()
    path.unlink()
    if way == "a folder":
        path.mkdir()
        return
    middle = len(data) // 2
    path.write_bytes(
        {
            "cut short": data[:100],
            "altered": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
            "empty": b"",
            "text": b"no batch",
        }[way]
    )


@pytest.mark.parametrize("way", ["cut short", "altered", "empty", "text", "a folder"])
def test_damaged_batch_is_put_aside_and_drawn_again(
    quick: Inputs, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    expected = quick.run(name="whole", batch_size=BATCH).read_bytes()
    kill_after(2, quick)
    spoil(min((quick.folder / "shard-0.batches").glob("*")), way)
    Quick.sizes.clear()
    with caplog.at_level(logging.WARNING):
        assert quick.run(batch_size=BATCH).read_bytes() == expected
    assert sum(Quick.sizes) == 7 - BATCH
    assert "put aside as batch-00000000.parquet.damaged, its images are drawn again" in caplog.text


def test_file_in_the_folders_place_is_put_aside(quick: Inputs) -> None:
    expected = quick.run(name="whole", batch_size=BATCH).read_bytes()
    (quick.folder / "shard-0.batches").write_text("no folder")
    assert quick.run(batch_size=BATCH).read_bytes() == expected
    assert (quick.folder / "shard-0.batches.damaged").read_text() == "no folder"


def test_model_is_not_loaded_where_all_is_finished(
    quick: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the last batch, before the shard's own file stood."""
    expected = quick.run(name="whole", batch_size=BATCH).read_bytes()

    def killed(self: FinishedBatches, ids: list[str]) -> pa.Table:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch, pytest.raises(RuntimeError, match="killed"):
        patch.setattr(FinishedBatches, "table", killed)
        quick.run(batch_size=BATCH)

    def load(*_: object) -> ImageGenerator:
        raise AssertionError("all images are there")

    monkeypatch.setattr(generate, "load_generator", load)
    assert quick.run(batch_size=BATCH).read_bytes() == expected


def test_rows_stand_in_the_order_that_is_asked_for(tmp_path: Path) -> None:
    tasks = [Task(place, f"image {place}", 0, "prompt", place) for place in range(5)]
    wanted = Wanted(tasks, {0: "drawn so"})
    finished = FinishedBatches(tmp_path / "shard.batches", wanted)
    for place in [4, 0, 3, 1, 2]:
        finished.add(place, images_rows([tasks[place]], [Drawn(None, "none")], None))
    ids = [f"image {place}" for place in range(5)]
    assert FinishedBatches(tmp_path / "shard.batches", wanted).ids() == set(ids)
    assert finished.table(ids)["id"].to_pylist() == ids
    assert finished.table([]).num_rows == 0


@pytest.mark.parametrize("resumed", [False, True])
def test_pictures_wait_on_the_disk(
    resumed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shard may have any number of them; 120 pictures of 12 kB are 1.4 MB."""
    monkeypatch.setattr("sau.pipeline.images.finished.WAITING_BYTES", 100_000)
    tasks = [Task(place, f"image {place}", 0, "prompt", place) for place in range(120)]
    wanted = Wanted(tasks, {0: "drawn so"})
    noise = np.random.default_rng(0)
    before = pa.total_allocated_bytes()
    finished = FinishedBatches(tmp_path / "shard.batches", wanted)
    for start in range(0, 120, 4):
        own = tasks[start : start + 4]
        drawn = [Drawn(noise.integers(0, 256, (64, 64, 3), np.uint8)) for _ in own]
        finished.add(start, images_rows(own, drawn, None))
    if resumed:
        finished = FinishedBatches(tmp_path / "shard.batches", wanted)
    table = finished.table([task.id for task in tasks])
    assert table.nbytes > 1_400_000
    assert pa.total_allocated_bytes() - before < 400_000
