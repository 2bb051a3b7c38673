"""A killed run goes on and ends with the same bytes as an undisturbed one."""

import os
import shutil
import signal
import subprocess
import time

import pytest

from tests.workflow.project import Project, results_of, wait_for_line


def wait_for(pattern: str, folder, process: subprocess.Popen[bytes]) -> None:
    """Wait until a result that fits `pattern` exists."""
    deadline = time.monotonic() + 300
    while not list(folder.glob(pattern)):
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline, f"no {pattern} came"
        time.sleep(0.02)


@pytest.fixture
def unfiltered(project: Project) -> Project:
    """A copy of the finished project that has images and scores, and nothing that follows."""
    for stage in ("filter", "gallery", "subset", "complement", "training", "evaluation", "report"):
        shutil.rmtree(project.folder / "results" / stage)
    return project


@pytest.mark.slow
def test_killed_between_two_epochs_and_in_between_stages(finished, unfiltered):
    project = unfiltered
    shutil.rmtree(project.folder / "results/logs/training")
    for pattern in (
        "results/subset/**/*.parquet",
        "results/training/**/checkpoint/checkpoint.json",
    ):
        process = subprocess.Popen(
            project.command(),
            cwd=project.folder,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(pattern, project.folder, process)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert not list(project.folder.glob("results/report/*"))
        assert project.run("--unlock").returncode == 0
    done = project.run()
    assert done.returncode == 0, done.stderr[-3000:]
    logs = "".join(
        path.read_text() for path in (project.folder / "results/logs/training").rglob("*.log")
    )
    assert "going on after epoch" in logs, "no run went on from its checkpoint"
    assert results_of(project.folder) == results_of(finished.folder)


@pytest.mark.slow
def test_sigterm_to_all_processes_of_a_run_leaves_a_checkpoint(project: Project) -> None:
    """As a scheduler sends it: to Snakemake, the shell, the stage and `tee` at once."""
    place = "ce/imbalance-10/data-seed-0/seed-0"
    flags = ("--printshellcmds", f"results/training/{place}/predictions.parquet")
    changes = {"training__epochs": 60, "training__checkpoint_every": 1000}
    changes |= {"experiment__replace_runs": True}
    log = project.folder / f"results/logs/training/{place}.log"
    log.unlink()
    process = project.start(*flags, **changes)
    wait_for_line(log, r"training: +\d+%", process)
    os.killpg(process.pid, signal.SIGTERM)
    output = process.communicate(timeout=300)[0]
    assert process.returncode != 0
    assert "stopped by SIGTERM after epoch" in log.read_text(), output[-3000:]
    done = project.run(*flags, **changes)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "going on after epoch" in log.read_text()
