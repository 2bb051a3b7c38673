from collections.abc import Callable
from pathlib import Path

import pytest

from sau.core.errors import UserError
from scripts.slices.collect import collect
from scripts.slices.run import run
from tests.scripts.slices.conftest import Grid, make_config
from tests.scripts.slices.test_run import Steps, files_of, whole_runs

SMALL = 10_000
"""Bytes; a model is three pieces of it."""

NAME = "ce/imbalance-8/data-seed-0/seed-0"


def test_finished_runs_go_to_where_snakemake_looks_for_them(
    grid: Grid, tmp_path: Path, steps: Steps
) -> None:
    pack, output = grid.pack(tmp_path / "pack", rows=("ce", "sau")), tmp_path / "out"
    run(pack, output, steps(3 * 2 + 1), part_bytes=SMALL)
    for _ in range(2):
        assert [job.name for job in collect(output, grid.config)] == [NAME]
    found = files_of(grid.results / "training")
    expected = whole_runs(pack, tmp_path / "whole")["ce-imbalance-8-data-seed-0-seed-0"]
    assert found == {f"{NAME}/{name}": data for name, data in expected.items()}


def test_model_that_was_not_kept_is_not_missed(grid: Grid, tmp_path: Path, steps: Steps) -> None:
    run(grid.pack(tmp_path / "pack", rows=("ce",)), tmp_path / "out", steps(99), models=False)
    collect(tmp_path / "out", grid.config)
    names = {path.name for path in (grid.results / "training" / NAME).iterdir()}
    assert names == {"predictions.parquet", "history.parquet", "label_correction.parquet"}


def test_run_of_other_settings_is_refused(grid: Grid, tmp_path: Path, steps: Steps) -> None:
    run(grid.pack(tmp_path / "pack", rows=("ce",)), tmp_path / "out", steps(99))
    for change in ({"learning_rate": 0.5}, {"runs": {"other": {"method": "cross_entropy"}}}):
        other = make_config(tmp_path / "other.yaml", grid.results, **change)
        with pytest.raises(UserError, match=f"{NAME}: trained with other settings than"):
            collect(tmp_path / "out", other)
    assert not (grid.results / "training").exists()
    same = make_config(tmp_path / "other.yaml", grid.results, checkpoint_every=2)
    assert len(collect(tmp_path / "out", same)) == 1


def lose(piece: Path) -> None:
    piece.unlink()


def cut(piece: Path) -> None:
    piece.write_bytes(piece.read_bytes()[:-2])


def empty(piece: Path) -> None:
    piece.write_text("{}")


@pytest.mark.parametrize(
    ("change", "file", "message"),
    [
        (lose, "model.safetensors.2", "missing; copy it again, or remove .*model to do without"),
        (lose, "model.safetensors.1", "missing"),
        (cut, "model.safetensors.2", "not as it was written, by its SHA-256"),
        (lose, "model.safetensors.pieces.json", "missing, as is model.safetensors;"),
        (cut, "model.safetensors.pieces.json", "no list of pieces"),
        (empty, "model.safetensors.pieces.json", "no list of pieces"),
        (lose, "config.json", "missing, as is config.json;"),
    ],
)
def test_model_that_has_lost_a_piece_is_refused_by_its_name(
    grid: Grid,
    tmp_path: Path,
    steps: Steps,
    change: Callable[[Path], None],
    file: str,
    message: str,
) -> None:
    pack = grid.pack(tmp_path / "pack", rows=("ce",))
    run(pack, tmp_path / "out", steps(99), part_bytes=SMALL)
    model = tmp_path / "out" / NAME.replace("/", "-") / "model"
    change(model / file)
    with pytest.raises(UserError, match=f"{file}.*: {message}"):
        collect(tmp_path / "out", grid.config)
    assert not [path for path in (grid.results / "training").rglob("*") if path.is_file()]


def test_result_that_is_there_is_not_overwritten(grid: Grid, tmp_path: Path, steps: Steps) -> None:
    run(grid.pack(tmp_path / "pack", rows=("ce",)), tmp_path / "out", steps(99))
    place = grid.results / "training" / NAME / "history.parquet"
    place.parent.mkdir(parents=True)
    place.write_text("mine")
    with pytest.raises(UserError, match=r"history\.parquet: another result is there already"):
        collect(tmp_path / "out", grid.config)
    assert place.read_text() == "mine"
    assert [path.name for path in place.parent.iterdir()] == ["history.parquet"]


def test_table_that_is_lost_is_said_and_nothing_written(
    grid: Grid, tmp_path: Path, steps: Steps
) -> None:
    run(grid.pack(tmp_path / "pack", rows=("ce",)), tmp_path / "out", steps(99))
    (tmp_path / "out" / NAME.replace("/", "-") / "history.parquet").unlink()
    with pytest.raises(UserError, match=r"history\.parquet: missing, though its run is finished"):
        collect(tmp_path / "out", grid.config)
    assert not [path for path in (grid.results / "training").rglob("*") if path.is_file()]
