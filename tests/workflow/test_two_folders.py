"""Two workflows on one results folder: Snakemake's own lock does not see the other folder's."""

from pathlib import Path

import pytest

from tests.storage.processes import kill, start
from tests.workflow.project import make_project

ELSEWHERE = """
import os, sys
from pathlib import Path
from sau.run.results_lock import hold_results
results = Path(sys.argv[1]).absolute()
os.chdir("tests")
hold_results(results)
print("let in", flush=True)
sys.stdin.readline()
"""


@pytest.mark.slow
def test_workflow_elsewhere_keeps_its_results(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    results = project.folder / "results"
    first = start(ELSEWHERE, results)
    assert first.stdout is not None
    assert first.stdout.readline() == "let in\n"
    table = results / "dataset" / "train.parquet"
    table.parent.mkdir()
    table.write_text("the first one's")
    second = project.run("results/dataset/test.parquet", "--cores", "1")
    assert second.returncode == 2, second.stderr[-3000:]
    line = f"sau: error: results: being written by pid {first.pid} of "
    assert [text for text in second.stderr.splitlines() if text.startswith(line)]
    assert "Traceback" not in second.stderr
    assert table.read_text() == "the first one's"
    kill(first)
