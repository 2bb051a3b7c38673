"""What a person sees of `sau run` on a terminal."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.forked_jobs import job_python
from tests.paths import ROOT
from tests.run.screen import run_on_terminal, shown

CONFIG = {
    "experiment": {"imbalance_factors": [10]},
    "dataset": {"source": "digits"},
    "subset": {"largest_class": 15},
    "training": {"runs": {"ce": {"method": "cross_entropy", "data": "real"}}},
}
LINE = re.compile(r"[a-z]+ +\d+/\d+ done[^\x1b]*")
TARGET = "results/subset/imbalance-10/data-seed-0/real.parquet"


@pytest.mark.parametrize("columns", [40, 120])
def test_screen_has_one_line_for_each_stage_however_wide_it_is(
    tmp_path: Path, columns: int
) -> None:
    (tmp_path / "my.yaml").write_text(yaml.safe_dump(CONFIG))
    words = [
        os.fspath(job_python()),
        "-m",
        "sau",
        "run",
        "--config",
        "my.yaml",
        "--cores",
        "1",
        TARGET,
    ]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    env.pop("COLUMNS", None)
    code, written = run_on_terminal(words, tmp_path, columns=columns, env=env)
    assert code == 0, written
    assert all(len(line) < columns for line in LINE.findall(written))
    lines = shown(written, columns)
    stages = [line for line in lines if LINE.match(line)]
    assert [re.sub(r"[0-9:]{4,}", "TIME", line) for line in stages] == [
        "dataset     1/1 done, TIME",
        "subset      1/1 done, TIME",
    ]
    said = " ".join(lines[lines.index(stages[-1]) + 1 :])
    assert said.replace(" ", "").startswith("commandsandSnakemake'sownwords:results/logs/run/")
    assert written.count("\x1b[K") > len(stages), "lines were written over"
    assert "%|" not in written, "progress of jobs is in their logs"


def test_refusal_before_the_first_job_is_one_line(tmp_path: Path) -> None:
    rows = {"sau": {"method": "sau", "data": "balanced"}}
    short = {
        "prompts": {"per_class": 1},
        "images": {"source": "glide", "image_size": 8},
        "training": {"runs": rows},
    }
    (tmp_path / "my.yaml").write_text(yaml.safe_dump(CONFIG | short))
    words = [os.fspath(job_python()), "-m", "sau", "run", "--config", "my.yaml"]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    said = done.stderr.splitlines()
    assert said[-1].startswith("sau: error: config: at imbalance factor 10 too few")
    assert not [line for line in said[:-1] if not line.startswith("Using workflow specific")]
    assert done.stdout == ""
