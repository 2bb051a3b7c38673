"""The examples: short, and they run."""

import os
from pathlib import Path

import pytest

from tests.forks import TORCH, python
from tests.paths import ROOT

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def test_examples_are_there() -> None:
    assert len(EXAMPLES) >= 4


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_is_short_and_says_what_it_shows(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert len(lines) <= 40
    assert lines[0].startswith('"""')


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs_and_prints(path: Path, tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = python(tmp_path, str(path), preloaded=TORCH, environment=environment)
    assert done.returncode == 0, done.stderr
    assert "FutureWarning" not in done.stderr
    assert done.stdout.strip()
    assert list(tmp_path.iterdir()) == []
