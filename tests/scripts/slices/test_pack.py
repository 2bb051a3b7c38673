from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from sau.core.errors import UserError
from sau.storage import manifest
from scripts.slices.images import pack_images
from scripts.slices.jobs import Job, read_jobs
from tests.scripts.slices.conftest import PLACE, Grid
from tests.training.conftest import image_row, write_rows


def ids_of(folder: Path, names: list[str]) -> list[str]:
    paths = [folder / name for name in names]
    ids: list[str] = manifest.read(paths, "images")["id"].to_pylist()
    return ids


def jobs_of(folder: Path) -> dict[str, Job]:
    return {job.row: job for job in read_jobs(folder)}


def test_pack_holds_what_the_runs_need_and_nothing_else(grid: Grid, tmp_path: Path) -> None:
    folder = grid.pack(tmp_path / "pack", rows=("ce",))
    (job,) = read_jobs(folder)
    assert job.name == "ce/imbalance-8/data-seed-0/seed-0"
    assert job.members == ["real-imbalance-8-data-seed-0.parquet"]
    assert ids_of(folder, job.train_images) == [*(f"real-{n}" for n in range(13)), "spare-0"]
    assert job.synthetic_images == []
    named = {*job.members, job.validation, *job.train_images, *job.test_images, "jobs.json"}
    assert {path.name for path in folder.iterdir()} == named


def test_rows_come_in_the_order_in_which_they_are_named(grid: Grid, tmp_path: Path) -> None:
    folder = grid.pack(tmp_path / "pack", rows=("sau", "ce"))
    jobs = read_jobs(folder)
    assert [job.row for job in jobs] == ["sau", "ce"]
    assert len(ids_of(folder, jobs[0].synthetic_images)) == 11
    assert jobs[1].synthetic_images == []
    assert jobs[1].members == jobs[0].members[:1]


def test_flags_are_the_rows_settings_without_a_tracker(grid: Grid, tmp_path: Path) -> None:
    job = jobs_of(grid.pack(tmp_path / "pack"))["sau"]
    assert "--method=sau" in job.flags
    assert "--epochs=3" in job.flags
    assert "--tracker=none" in job.execution
    assert not {flag.split("=")[0] for flag in job.flags} & {"--tracker", "--decode"}


def test_large_tables_are_cut_into_small_files_with_their_images_as_they_are(
    tmp_path: Path,
) -> None:
    limit = 200_000
    generator = np.random.default_rng(0)
    rows = [image_row(f"x-{n}", n % 3, generator.bytes(9000)) for n in range(100)]
    rows[7] = image_row("x-7", 1, None, status="failed")
    made = {"class_names": ["a", "b", "c"], "mean": [0.5] * 3, "std": [0.2] * 3}
    path = write_rows(tmp_path / "all.parquet", "images", rows, made)
    (tmp_path / "pack").mkdir()
    wanted = [f"x-{n}" for n in range(100) if n % 4]
    names = pack_images(path, tmp_path / "pack", "train", wanted, limit)
    assert len(names) == 4
    for name in names:
        assert (tmp_path / "pack" / name).stat().st_size < limit
        about = manifest.read_metadata(tmp_path / "pack" / name)
        source = manifest.read_metadata(path)["content_sha256"]
        assert about["provenance"] == made | {"selected_from": source}
    whole = manifest.read(path, "images")
    expected = whole.filter(pc.is_in(whole["id"], pc.cast(wanted, "string")))
    found = manifest.read([tmp_path / "pack" / name for name in names], "images")
    assert found.equals(expected)


def test_image_too_large_for_a_file_is_refused(tmp_path: Path) -> None:
    rows = [image_row(f"x-{n}", 0, np.random.default_rng(n).bytes(30_000)) for n in range(2)]
    path = write_rows(tmp_path / "all.parquet", "images", rows)
    with pytest.raises(UserError, match="too large to be packed"):
        pack_images(path, tmp_path, "train", None, 20_000)


def test_table_that_is_needed_as_a_whole_is_copied(grid: Grid, tmp_path: Path) -> None:
    folder = grid.pack(tmp_path / "pack")
    test = grid.results / "dataset" / "test.parquet"
    assert (folder / "test-0.parquet").read_bytes() == test.read_bytes()
    members = grid.results / "complement" / PLACE / "synthetic.parquet"
    copy = folder / "synthetic-imbalance-8-data-seed-0.parquet"
    assert copy.read_bytes() == members.read_bytes()


def test_pack_above_the_limit_is_refused_with_its_size(grid: Grid, tmp_path: Path) -> None:
    before = {path.name for path in tmp_path.iterdir()}
    with pytest.raises(UserError, match=r"the pack would be 0\.\d MB, more than 0\.01; name fewer"):
        grid.pack(tmp_path / "pack", limit_mb=0.01)
    assert {path.name for path in tmp_path.iterdir()} == before
    grid.pack(tmp_path / "pack", limit_mb=1)


def test_folder_that_is_there_is_not_touched(grid: Grid, tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "mine").write_text("mine")
    with pytest.raises(UserError, match="is there already"):
        grid.pack(tmp_path / "pack")
    assert [path.name for path in (tmp_path / "pack").iterdir()] == ["mine"]
