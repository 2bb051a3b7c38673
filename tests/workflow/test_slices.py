"""Runs that were trained elsewhere, in slices: Snakemake goes on from them and trains nothing."""

import os
import re
import shutil
import subprocess

import pytest

from tests.forked_jobs import job_python
from tests.paths import ROOT
from tests.workflow.project import Project, results_of

TRAINED = {"evaluation": 3, "report": 1, "overview": 1}


def slices(project: Project, *words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": f"{project.folder}{os.pathsep}{ROOT}"}
    return subprocess.run(
        [job_python(), "-m", "scripts.slices", *words],
        cwd=project.folder,
        env=environment,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def untrained(project: Project) -> Project:
    """A copy of the finished project with its early stages alone, and no record of any job."""
    for stage in ("training", "evaluation", "report"):
        shutil.rmtree(project.folder / "results" / stage)
    shutil.rmtree(project.folder / ".snakemake")
    assert project.planned() == {"training": 3, **TRAINED}
    return project


def tables_of(project: Project) -> dict[str, bytes]:
    """Return the tables of the reports, which say what was found and not from which files."""
    files = results_of(project.folder)
    return {name: data for name, data in files.items() if re.fullmatch(r"report/.*\.csv", name)}


@pytest.mark.slow
def test_snakemake_goes_on_from_collected_runs(untrained: Project, finished: Project) -> None:
    config = untrained.config_path
    packed = slices(untrained, "pack", config, "--output", "build/pack", "--rows", "sau", "ce")
    assert packed.returncode == 0, packed.stderr
    assert re.search(r"build/pack: 2 runs, \d+ files, 0\.\d MB", packed.stdout)
    trained = slices(untrained, "run", "build/pack", "--output", "build/out", "--seconds", "900")
    assert trained.returncode == 0, trained.stderr
    collected = slices(untrained, "collect", "build/out", config)
    assert collected.returncode == 0, collected.stderr
    names = collected.stdout.split()
    place = "imbalance-10/data-seed-0/seed-0"
    assert names == [f"sau/{place}", f"ce/{place}"]
    results = untrained.folder / "results" / "training"
    for part in ("predictions.parquet", "history.parquet", "model"):
        assert (results / "sau" / place / part).exists()
    # As after `run --without-models`.
    shutil.rmtree(results / "ce" / place / "model")

    assert untrained.planned() == {"training": 1, **TRAINED}
    done = untrained.run()
    assert done.returncode == 0, done.stderr[-3000:]
    assert tables_of(untrained) == tables_of(finished)
    weights = f"training/sau/{place}/model/model.safetensors"
    assert results_of(untrained.folder)[weights] == results_of(finished.folder)[weights]
    assert untrained.planned() == {}

    # Snakemake has no record of how they were made, until it is told to make one.
    change = {"training__learning_rate": 0.02}
    assert untrained.planned(**change)["training"] == 1
    words = ("--touch", "--force", "--allowed-rules", "training", "--")
    told = untrained.run(
        *words, *(f"results/training/{name}/predictions.parquet" for name in names)
    )
    assert told.returncode == 0, told.stderr
    assert untrained.planned(**change)["training"] == 3
