"""The overview of the runs that are there, at any time: nothing is trained for it."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from sau.config import load
from tests.pipeline.report.conftest import World, write_world
from tests.workflow.project import Project, make_project

SEEDS = {"experiment__seeds": [0, 1]}

pytestmark = pytest.mark.slow


@pytest.fixture
def fresh(tmp_path) -> Project:
    """A project in which nothing has run."""
    return make_project(tmp_path / "project")


@pytest.fixture
def measured(fresh, tmp_path):
    """Metrics of every run of the experiment, by row and seed, outside the project."""
    return metrics_of(tmp_path / "world", fresh)


def metrics_of(folder: Path, project: Project, **changes: Any) -> dict[tuple[str, str], Path]:
    config = load(project.config)
    recipes = {row: settings.recipe() for row, settings in config.training.runs.items()}
    bounds = config.evaluation.to_mapping()
    world = World(**{"seeds": (0, 1), "recipes": recipes} | bounds | changes)
    paths = write_world(folder, world).metrics
    return {tuple(path.parent.name.rsplit("-0-", 1)): path for path in paths}


def put(project: Project, measured, run: str, seed: int) -> None:
    """Let a run's metrics appear, as a training run under way would."""
    folder = f"results/evaluation/{run}/imbalance-10/data-seed-0/seed-{seed}"
    (project.folder / folder).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(measured[run, str(seed)], project.folder / folder / "metrics.parquet")


def so_far(project: Project) -> str:
    done = project.run("--", "overview_so_far", **SEEDS)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


def said(project: Project) -> str:
    return (project.folder / "results/report/so-far.md").read_text()


def test_overview_is_made_again_when_metrics_appear_or_change_and_trains_nothing(fresh, measured):
    so_far(fresh)
    assert "Runs: 0 of 6; the others are missing" in said(fresh)

    put(fresh, measured, "ce", 0)
    put(fresh, measured, "sau", 1)
    so_far(fresh)
    assert "Runs: 2 of 6; the others are missing" in said(fresh)
    assert "| 1 of 2 |" in said(fresh)
    before = said(fresh)

    assert "Nothing to be done" in so_far(fresh)

    (fresh.folder / "results/evaluation/ce/imbalance-10/data-seed-0/seed-0/metrics.parquet").touch()
    assert "Nothing to be done" not in so_far(fresh)
    assert said(fresh) == before

    names = {path.name for path in (fresh.folder / "results").glob("[!.]*")}
    assert names == {"report", "evaluation", "logs", "benchmarks"}
    made = {path.name for path in (fresh.folder / "results/report").iterdir()}
    assert made == {"so-far.html", "so-far.md", "so-far.csv", "so-far.png", "paper-so-far.csv"}


def test_runs_of_an_earlier_configuration_are_left_out_and_named(fresh, measured, tmp_path):
    put(fresh, measured, "ce", 0)
    put(fresh, metrics_of(tmp_path / "before", fresh, recipes={"ce": "another"}), "ce", 1)

    so_far(fresh)

    assert "Runs: 1 of 6; the others are missing" in said(fresh)
    assert "configuration has now: CE at factor 10, seed 1" in said(fresh)
    assert "| 1 of 2 |" in said(fresh)


def test_overview_is_made_while_another_snakemake_is_at_work(fresh, measured):
    put(fresh, measured, "ce", 0)
    process = subprocess.Popen(
        fresh.command(**SEEDS),
        cwd=fresh.folder,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_the_lock(fresh, process)
        so_far(fresh)
        assert process.poll() is None, "the other run ended before it could be disturbed"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert "of 6; the others are missing" in said(fresh)


def wait_for_the_lock(project: Project, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while not list((project.folder / ".snakemake" / "locks").glob("*.lock")):
        assert process.poll() is None, "the run ended before it was seen at work"
        assert time.monotonic() < deadline, "no lock came"
        time.sleep(0.02)
