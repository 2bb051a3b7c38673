"""The tutorial is typed, from the first block to the last."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.forked_jobs import job_python
from tests.paths import ROOT

BLOCK = re.compile(r"```(python|console|yaml)\n(.*?)```", re.DOTALL)
YAML_FILE = "generated.yaml"
"""The file that the page says its block of YAML is."""
AS_PRINTED, AS_TYPED = "epochs: 6,", "epochs: 1,"
"""All that is typed otherwise than it stands there: fewer epochs."""


def blocks_of(page: Path) -> list[tuple[str, str]]:
    """Return language and text of each block that a reader types, in their order."""
    text = page.read_text(encoding="utf-8")
    assert text.count(AS_PRINTED) == 1
    typed = text.replace(AS_PRINTED, AS_TYPED)
    return [(match[1], match[2]) for match in BLOCK.finditer(typed)]


def run(words: list[str], folder: Path) -> str:
    """Run a program in a folder, and return what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [job_python(), *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{words}:\n{done.stdout}"
    return done.stdout


@pytest.mark.slow
def test_tutorial_runs_to_its_end(tmp_path: Path) -> None:
    printed = {}
    for language, text in blocks_of(ROOT / "docs" / "tutorial.md"):
        if language == "python":
            (tmp_path / "block.py").write_text(text, encoding="utf-8")
            run(["block.py"], tmp_path)
        elif language == "yaml":
            (tmp_path / YAML_FILE).write_text(text, encoding="utf-8")
        else:
            for line in text.splitlines():
                program, command, *words = shlex.split(line)
                assert program == "sau"
                printed[command] = run(["-m", "sau", command, *words], tmp_path)
    assert set(printed) >= {"init", "doctor", "plan", "run", "status", "predict", "evaluate"}
    report = (tmp_path / "results" / "first" / "report" / "summary.csv").read_text(encoding="utf-8")
    assert "Balanced Softmax" in report
    assert len((tmp_path / "found.csv").read_text(encoding="utf-8").splitlines()) == 1 + 50
    assert (tmp_path / "measured" / "wrong.csv").is_file()
    assert (tmp_path / "exported" / "model.onnx").is_file()
    assert "ce-balanced" in printed["run"]  # the dry run over generated.yaml
