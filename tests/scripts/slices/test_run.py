import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from sau.__main__ import main
from sau.core.errors import UserError
from scripts.slices import run as run_module
from scripts.slices.jobs import CHECKPOINT, KEPT, Job, read_jobs, write_jobs
from scripts.slices.run import Slice, run
from scripts.slices.split import joined
from scripts.slices.state import Progress, progress_of, read_slices, status_table
from tests.forked_jobs import job_python
from tests.forks import TORCH, python
from tests.paths import ROOT
from tests.scripts.slices.conftest import Grid, StepSlice

Steps = Callable[[int], StepSlice]


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the bytes of a finished run's outputs."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "slices.json" and not {CHECKPOINT, KEPT} & {*path.parts}
    }


def whole_runs(pack: Path, folder: Path) -> dict[str, dict[str, bytes]]:
    """Train each job of a pack in one go; return its files by the run's folder."""
    for job in read_jobs(pack):
        assert main(["training", *job.words(pack, folder / job.folder)]) == 0
    return {job.folder: files_of(folder / job.folder) for job in read_jobs(pack)}


def test_slices_end_in_the_bytes_of_one_go(grid: Grid, tmp_path: Path, steps: Steps) -> None:
    """SAU has 3 steps an epoch and CE 2; a slice of 4 steps ends within epochs and between runs."""
    pack, output = grid.pack(tmp_path / "pack"), tmp_path / "out"
    codes, trained = [], []
    while not codes or codes[-1] == 75:
        assert len(codes) < 10
        time_slice = steps(4)
        codes.append(run(pack, output, time_slice))
        trained += time_slice.trained
    assert codes == [75, 75, 75, 0]
    assert trained == ["sau", "sau", "sau", "ce", "ce"]
    expected = whole_runs(pack, tmp_path / "whole")
    assert {name: files_of(output / name) for name in expected} == expected
    for name in expected:
        noted = read_slices(output / name)
        assert noted["finished"]
        assert sum(part["epochs"] for part in noted["slices"]) == 3


def test_machine_takes_up_what_came_back_from_another(
    grid: Grid, tmp_path: Path, steps: Steps
) -> None:
    """Each slice on a machine of its own: what the last one left stands in the pack's folder."""
    pack = grid.pack(tmp_path / "pack")
    expected = whole_runs(pack, tmp_path / "whole")
    for place in range(4):
        output = tmp_path / f"out-{place}"
        code = run(pack, output, steps(4))
        shutil.copytree(output, pack, dirs_exist_ok=True)
    assert code == 0
    assert {name: files_of(pack / name) for name in expected} == expected
    slices = {name: read_slices(pack / name)["slices"] for name in expected}
    assert [len(parts) for parts in slices.values()] == [3, 2]
    assert run(pack, tmp_path / "none", steps(4)) == 0
    assert [path.name for path in (tmp_path / "none").iterdir()] == ["jobs.json"]


def test_checkpoint_that_is_further_is_taken_up(grid: Grid, tmp_path: Path, steps: Steps) -> None:
    pack = grid.pack(tmp_path / "pack", rows=("sau",))
    (job,) = read_jobs(pack)
    run(pack, tmp_path / "old", steps(2))
    run(pack, tmp_path / "new", steps(5))
    shutil.copytree(tmp_path / "new", pack, dirs_exist_ok=True)
    run(pack, tmp_path / "old", steps(1))
    assert progress_of(job, tmp_path / "old") == Progress(False, 1, 3)


def test_chosen_runs_alone_are_trained(grid: Grid, tmp_path: Path, steps: Steps) -> None:
    pack = grid.pack(tmp_path / "pack")
    time_slice = steps(100)
    assert run(pack, tmp_path / "out", time_slice, ["ce"]) == 0
    assert run(pack, tmp_path / "out", time_slice, ["ce/imbalance-8/data-seed-0/seed-0"]) == 0
    assert time_slice.trained == ["ce"]
    with pytest.raises(UserError, match="--only s/: no such run; there are sau/imbalance-8/"):
        run(pack, tmp_path / "out", time_slice, ["s"])


def test_weights_are_cut_into_small_files_or_left_out(
    grid: Grid, tmp_path: Path, steps: Steps
) -> None:
    pack = grid.pack(tmp_path / "pack", rows=("ce",))
    (job,) = read_jobs(pack)
    run(pack, tmp_path / "out", steps(100), part_bytes=10_000)
    model = tmp_path / "out" / job.folder / "model"
    files = [path for path in model.rglob("*") if path.is_file()]
    sizes = {str(path.relative_to(model)): path.stat().st_size for path in files}
    pieces = {f"model.safetensors.{place}" for place in range(3)}
    names = {"config.json", "model.safetensors.pieces.json", *pieces}
    assert set(sizes) == names | {f"best_on_validation/{name}" for name in names}
    assert max(sizes.values()) < 10_000
    assert not list(model.parent.glob("*.reuse")), "they would have the weights in one file"
    expected = whole_runs(pack, tmp_path / "whole")[job.folder]["model/model.safetensors"]
    assert joined(model / "model.safetensors") == expected
    run(pack, tmp_path / "out", steps(100), models=False)
    assert not model.exists()


def test_run_that_was_killed_before_its_note_is_not_trained_again(
    grid: Grid, tmp_path: Path, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack, output = grid.pack(tmp_path / "pack", rows=("ce",)), tmp_path / "out"
    (job,) = read_jobs(pack)
    run(pack, output, steps(3))

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run_module, "note_slice", killed)
        with pytest.raises(KeyboardInterrupt):
            run(pack, output, steps(99))
    time_slice = steps(99)
    for _ in range(2):
        assert run(pack, output, time_slice, models=False) == 0
    assert time_slice.trained == []
    assert not (output / job.folder / "model").exists()
    noted = read_slices(output / job.folder)
    assert noted["finished"]
    assert [part["epochs"] for part in noted["slices"]] == [1]


def test_run_that_fails_does_not_stop_the_others(
    grid: Grid, tmp_path: Path, steps: Steps, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = grid.pack(tmp_path / "pack")
    (pack / "synthetic-0-0.parquet").unlink()
    time_slice = steps(100)
    assert run(pack, tmp_path / "out", time_slice) == 2
    assert time_slice.trained == ["sau", "ce"]
    assert "synthetic-0-0.parquet: no such manifest" in capsys.readouterr().err


class EndedSlice(Slice):
    """A slice whose time is up while training starts, which then ends in some way."""

    def __init__(self, code: int) -> None:
        self.code, self.seconds = code, 100.0

    def left(self) -> float:
        return self.seconds

    def train(self, words: Sequence[str]) -> int:
        self.seconds = 0.0
        return self.code


@pytest.mark.parametrize(
    ("ended", "code"),
    [(-signal.SIGKILL, 75), (-signal.SIGTERM, 75), (128 + signal.SIGTERM, 75), (1, 2), (2, 2)],
)
def test_run_that_a_slice_ended_while_it_started_has_not_failed(
    grid: Grid, tmp_path: Path, ended: int, code: int
) -> None:
    pack = grid.pack(tmp_path / "pack", rows=("ce",))
    assert run(pack, tmp_path / "out", EndedSlice(ended)) == code


def test_status_says_how_far_each_run_is(grid: Grid, tmp_path: Path, steps: Steps) -> None:
    pack, output = grid.pack(tmp_path / "pack", rows=("ce", "sau", "drop")), tmp_path / "out"
    run(pack, output, steps(3 * 2 + 3 + 1))
    lines = status_table(read_jobs(pack), [pack, output]).splitlines()
    cells = [line.split("  ") for line in lines]
    told = [[cell.strip() for cell in line if cell.strip()] for line in cells]
    assert told[0] == ["run", "epochs", "s an epoch", "in"]
    name = "imbalance-8/data-seed-0/seed-0"
    assert told[1][:2] == [f"ce/{name}", "3 of 3"]
    assert told[2][:2] == [f"sau/{name}", "1 of 3 + 1 steps"]
    assert float(told[1][2]) >= 0
    assert (told[1][3], told[2][3]) == (str(output), str(output))
    assert told[3] == [f"drop/{name}", "0 of 3", "-", "-"]


BLOCKED = "snakemake diffusers open_clip faiss transformers matplotlib jsonschema tensorboard yaml"
"""What the machine need not have; nor is PyTorch loaded before there is something to train."""

ALONE = f"""
import sys
for name in {[*BLOCKED.split(), "torch"]!r}:
    sys.modules[name] = None
from scripts.slices.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def test_run_and_status_need_none_of_the_pipelines_packages(grid: Grid, tmp_path: Path) -> None:
    pack = grid.pack(tmp_path / "pack", rows=("ce",))
    words = ["run", str(pack), "--output", str(tmp_path / "out"), "--seconds", "1"]
    found = {}
    for name, command in {"run": words, "status": ["status", str(pack)]}.items():
        line = [sys.executable, "-c", ALONE, *command]
        found[name] = subprocess.run(line, cwd=ROOT, capture_output=True, text=True)
    assert (found["run"].returncode, found["status"].returncode) == (75, 0), found
    assert "0 of 3" in found["status"].stdout


def words_of(pack: Path, output: Path, seconds: int) -> list[str]:
    words = ["run", str(pack), "--output", str(output), "--seconds", str(seconds)]
    return ["-m", "scripts.slices", *words]


def test_real_slice_that_gets_sigterm_leaves_what_the_next_one_takes_up(
    grid: Grid, tmp_path: Path
) -> None:
    pack = grid.pack(tmp_path / "pack", rows=("sau",))
    slow = make_long(pack, epochs=30)
    output = tmp_path / "out"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    words = words_of(pack, output, 400)
    command = [sys.executable, *words]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    while progress_of(slow, output) == Progress():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.002)
    process.terminate()
    errors = process.communicate(timeout=60)[1]
    assert process.returncode == 75, errors
    assert "stopped by SIGTERM after epoch" in errors
    assert Progress() < progress_of(slow, output) < Progress(False, 30)
    own = {"environment": environment, "executable": job_python()}
    done = python(ROOT, *words, preloaded=TORCH, **own)
    assert done.returncode == 0, done.stderr
    assert "going on after epoch" in done.stderr
    expected = whole_runs(pack, tmp_path / "whole")
    assert {name: files_of(output / name) for name in expected} == expected


def make_long(pack: Path, epochs: int) -> Job:
    """Give the one run of a pack more epochs."""
    (job,) = read_jobs(pack)
    flags = [f"--epochs={epochs}" if f.startswith("--epochs=") else f for f in job.flags]
    job = dataclasses.replace(job, epochs=epochs, flags=flags)
    write_jobs(pack, [job])
    return job
