"""A trained network is replaced by one of other settings only where that is asked for."""

import pytest

from tests.forks import dry_run
from tests.workflow.project import SNAKEMAKE, results_of

CHANGE = {"training__epochs": 4, "experiment__rows": ["ce"]}


@pytest.mark.slow
def test_changed_training_setting_replaces_no_run_unasked(project):
    before = results_of(project.folder)
    refused = project.run(**CHANGE)
    assert refused.returncode == 2
    (line,) = [line for line in refused.stderr.splitlines() if "sau: error" in line]
    assert "results/training/ce/imbalance-10/data-seed-0/seed-0 (epochs: 3, now 4)" in line
    assert results_of(project.folder) == before

    target = "training/ce/imbalance-10/data-seed-0/seed-0/predictions.parquet"
    done = project.run("--", f"results/{target}", **CHANGE, experiment__replace_runs=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert results_of(project.folder)[target] != before[target]


def test_dry_run_says_what_would_be_replaced_and_plans_it(finished):
    words = finished.command("--dry-run", **CHANGE)[len(SNAKEMAKE) :]
    told = dry_run(finished.folder, *words)
    assert "sau: note: 1 trained run would be replaced" in told.stdout + told.stderr
    assert finished.planned(**CHANGE)["training"] == 1
    assert finished.planned(experiment__seeds=[0, 1])["training"] == 3
