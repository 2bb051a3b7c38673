"""Workflows of two working directories on one results folder: the second is told of the first."""

import subprocess
import sys
from pathlib import Path

import pytest

from sau.core.errors import UserError
from sau.run.results_lock import NAME, hold_results
from tests.paths import ROOT

HOLD = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from sau.core.errors import UserError
from sau.run.results_lock import hold_results
try:
    hold_results(Path(sys.argv[1]))
except UserError as error:
    sys.exit(f"refused: {{error}}")
print("let in", flush=True)
sys.stdin.readline()
"""


def workflow(folder: Path, results: Path) -> subprocess.Popen[str]:
    """Start what holds the results as long as its input is open, and return when it was let in."""
    folder.mkdir(exist_ok=True)
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(results)], cwd=folder, stdin=pipe, stdout=pipe, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "let in\n"
    return process


def test_workflow_of_another_folder_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    results = tmp_path / "results"
    first = workflow(tmp_path / "one", results)
    with pytest.raises(UserError, match=f"results: being written by pid {first.pid} of .*; wait"):
        hold_results(results)
    first.communicate("\n")
    assert first.returncode == 0
    assert not results.exists()
    workflow(tmp_path / "two", results).communicate("\n")


def test_workflow_of_the_same_folder_is_left_to_snakemakes_own_lock(tmp_path: Path) -> None:
    results = tmp_path / "results"
    first = workflow(tmp_path / "one", results)
    (tmp_path / "link").symlink_to(tmp_path / "one")
    workflow(tmp_path / "link", results).communicate("\n")
    assert (results / NAME).exists()
    first.communicate("\n")


def test_workflow_that_was_killed_keeps_nobody_off(tmp_path: Path) -> None:
    results = tmp_path / "results"
    for folder in ("one", "two", "two"):
        killed = workflow(tmp_path / folder, results)
        killed.kill()
        killed.communicate()
        assert (results / NAME).exists()
    workflow(tmp_path / "two", results).communicate("\n")
    assert not (results / NAME).exists()
