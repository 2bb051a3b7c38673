import csv
import re
import shlex
import subprocess

import pytest

from tests.forked_jobs import job_python
from tests.workflow.project import results_of

COLUMNS = (
    "dataset, method, synthetic, imbalance_factor, seed, backbone, width, parameters, epochs, "
    "split, top1_last, top1_best_on_test, balanced_accuracy_last, macro_f1_last, ece_last, "
    "aurc_last, nll_last"
)


def test_run_makes_every_table_and_report(finished):
    names = set(results_of(finished.folder))
    expected = {
        "dataset/train.parquet",
        "dataset/test.parquet",
        "prompts/prompts.parquet",
        "images/shard-0.parquet",
        "scores/shard-1.parquet",
        "filter/kept.parquet",
        "gallery/index.html",
        "subset/imbalance-10/data-seed-0/real.parquet",
        "subset/imbalance-10/data-seed-0/validation.parquet",
        "complement/imbalance-10/data-seed-0/synthetic.parquet",
        "training/sau/imbalance-10/data-seed-0/seed-0/predictions.parquet",
        "training/sau/imbalance-10/data-seed-0/seed-0/model/model.safetensors",
        "evaluation/ce/imbalance-10/data-seed-0/seed-0/metrics.parquet",
        "report/imbalance-10.html",
        "report/imbalance-10.md",
        "report/imbalance-10.csv",
        "report/imbalance-10.png",
        "report/imbalance-10-curves.csv",
        "report/imbalance-10-confusion.csv",
        "report/imbalance-10-noise.csv",
        "report/overview.html",
        "report/overview.png",
        "report/paper.csv",
        "report/summary.csv",
    }
    assert expected <= names
    assert not [name for name in names if "checkpoint" in name or name.endswith(".part")]


def test_summary_has_the_promised_columns_and_every_run(finished):
    with (finished.folder / "results" / "report" / "summary.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == COLUMNS.split(", ")
    assert len(rows) == 3 * 4
    assert {(row["method"], row["synthetic"]) for row in rows} == {
        ("CE", "0"),
        ("CE*", "1"),
        ("SAU", "1"),
    }


def test_rules_all_have_their_log_and_benchmark(finished):
    results = finished.folder / "results"
    for kind in ("logs", "benchmarks"):
        stages = {path.name for path in (results / kind).iterdir()}
        assert stages == {
            "dataset",
            "prompts",
            "images",
            "scores",
            "filter",
            "gallery",
            "subset",
            "complement",
            "training",
            "evaluation",
            "report",
        }


@pytest.mark.slow
def test_shell_line_can_be_pasted_and_gives_the_same_bytes(project):
    """Each stage runs without Snakemake, by the line that Snakemake printed."""
    done = project.run("--dry-run", "--printshellcmds", "--forceall")
    printed = done.stdout + done.stderr
    before = results_of(project.folder)
    stages = (
        "prompts",
        "filter",
        "gallery",
        "subset",
        "complement",
        "evaluation",
        "report",
        "overview",
    )
    for stage in stages:
        line = re.search(rf"python -m sau {stage} .*", printed).group(0)
        words = shlex.split(line.split(" 2>&1")[0])
        subprocess.run([job_python(), *words[1:]], cwd=project.folder, check=True)
    assert results_of(project.folder) == before


def test_snakemake_report(finished):
    done = finished.run("--report", "build/report.zip")
    assert done.returncode == 0, done.stderr
    assert (finished.folder / "build" / "report.zip").stat().st_size > 10_000
