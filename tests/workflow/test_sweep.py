"""`sau sweep` itself: a run for each value; what a value does not concern is made once."""

import subprocess
from pathlib import Path

import pandas as pd
import pytest
import yaml

from sau.storage.reuse import TAKEN
from tests.forked_jobs import job_python
from tests.workflow.project import make_project

WORDS = ("sweep", "filter.keep_fraction", "0.8", "1.0")
BALANCED = "ce-balanced"


@pytest.mark.slow
def test_what_a_value_does_not_concern_is_made_once(tmp_path: Path) -> None:
    config = make_project(tmp_path / "project").config
    config["experiment"] |= {"results": "found", "rows": ["ce", "ce-balanced"]}
    config["training"]["epochs"] = 1
    (tmp_path / "my.yaml").write_text(yaml.safe_dump(config))
    command = [job_python(), "-m", "sau", *WORDS, "--config", "my.yaml", "--cores", "2"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = (tmp_path / f"found/filter.keep_fraction-{value}" for value in ("0.8", "1.0"))
    for shard in range(2):
        place = f"images/shard-{shard}.parquet"
        assert (first / place).read_bytes() == (second / place).read_bytes()
        assert TAKEN in (second / f"logs/images/shard-{shard}.log").read_text()
        assert TAKEN not in (first / f"logs/images/shard-{shard}.log").read_text()
    run = "imbalance-10/data-seed-0/seed-0"
    logs = {
        row: (second / f"logs/training/{row}/{run}.log").read_text() for row in ("ce", BALANCED)
    }
    assert TAKEN in logs["ce"]
    assert TAKEN not in logs[BALANCED], "its training set has other images"
    table = pd.read_csv(tmp_path / "found/filter.keep_fraction.csv")
    assert table["filter.keep_fraction"].tolist() == [0.8, 1.0] * 2
    ce = table[table.method == "CE"]
    assert ce["mean"].nunique() == 1
    assert ce.difference_mean.tolist()[1] == 0
    assert "the first value" in done.stdout
    # By their times too, which small files are spared: what was taken back is a file of its own.
    here = "experiment={results: found/filter.keep_fraction-0.8}"
    words = ["run", "--config", "my.yaml", here, "--dry-run", "--max-checksum-file-size", "0"]
    again = subprocess.run([*command[:3], *words], cwd=tmp_path, capture_output=True, text=True)
    assert "Nothing to be done" in again.stdout + again.stderr
