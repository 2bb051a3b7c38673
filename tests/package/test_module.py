"""The pipeline as a module of another project's Snakefile."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.forks import snakemake
from tests.paths import ROOT

OUTER = """
configfile: "outer.yaml"

module sau:
    snakefile: {snakefile!r}
    {config}

use rule * from sau as sau_*

rule mine:
    default_target: True
    input:
        rules.sau_overview.output.csv,
    output:
        "mine.csv",
    shell:
        "cp {{input}} {{output}}"
"""


@pytest.fixture
def outer(tmp_path: Path) -> Path:
    """Another project, whose config has a section for this one: one factor, one seed, two rows."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    config["experiment"] |= {"imbalance_factors": [10], "seeds": [0], "results": "long-tail"}
    config["experiment"]["rows"] = ["ce", "sau"]
    (tmp_path / "outer.yaml").write_text(yaml.safe_dump({"sau": config, "of_mine": 1}))
    return tmp_path


def run_outer(
    folder: Path, snakefile: Path, *words: str, config: str = "config: config['sau']"
) -> subprocess.CompletedProcess[str]:
    """Run the other project's Snakefile, which uses this one's as a module."""
    text = OUTER.format(snakefile=str(snakefile), config=config)
    (folder / "Snakefile").write_text(text)
    return snakemake(folder, "--cores", "1", *words)


def planned(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Return the number of jobs of each rule that a dry run plans."""
    assert done.returncode == 0, done.stderr
    return dict(re.findall(r"^(\w+) +(\d+)$", done.stdout + done.stderr, re.MULTILINE))


def test_module_plans_the_jobs_of_the_config_it_is_given(outer):
    jobs = planned(run_outer(outer, ROOT / "Snakefile", "--dry-run", "--quiet", "rules"))
    assert jobs["mine"] == "1"
    assert {name: jobs[f"sau_{name}"] for name in ("training", "images", "overview")} == {
        "training": "2",
        "images": "2",
        "overview": "1",
    }


def test_module_of_a_wheel_takes_the_default_config_where_none_is_given(outer, unpacked):
    shipped = unpacked / "sau" / "run" / "shipped" / "Snakefile"
    words = ("--dry-run", "--quiet", "rules")
    assert planned(run_outer(outer, shipped, *words, config=""))["sau_training"] == "30"


@pytest.mark.slow
def test_module_runs_its_rules_from_the_other_projects_folder(outer):
    done = run_outer(outer, ROOT / "Snakefile", "--until", "sau_dataset")
    assert done.returncode == 0, done.stderr
    assert (outer / "long-tail" / "dataset" / "train.parquet").is_file()


def test_module_says_in_one_line_what_is_wrong_in_its_config(outer):
    path = outer / "outer.yaml"
    path.write_text(path.read_text().replace("epochs:", "epohcs:"))
    done = run_outer(outer, ROOT / "Snakefile", "--dry-run")
    assert done.returncode == 2
    assert "sau: error: config: training.epohcs: unknown key; did you mean 'epochs'?" in done.stderr
    assert "Traceback" not in done.stderr
