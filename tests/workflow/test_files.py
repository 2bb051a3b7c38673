"""What a dry run and a lint do not see."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from sau.stages import STAGES

ROOT = Path(__file__).parents[2]
RULES = sorted((ROOT / "workflow" / "rules").glob("*.smk"))


def test_every_environment_and_caption_that_is_named_exists():
    named = 0
    for path in RULES:
        for name in re.findall(r'"(\.\./[^"]+\.(?:yaml|rst))"', path.read_text()):
            assert (path.parent / name).is_file(), f"{path.name} names {name}"
            named += 1
    assert named > 10


def test_every_environment_file_is_readable_and_names_existing_requirements():
    for path in (ROOT / "envs").glob("*.yaml"):
        environment = yaml.safe_load(path.read_text())
        pip = next(d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
        for line in pip:
            assert (ROOT / "envs" / line.split()[-1]).is_file()


def test_requirements_are_pinned_and_name_no_index():
    pinned = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (ROOT / "envs/constraints.txt").read_text().splitlines()
        if "==" in line
    }
    for path in (ROOT / "envs").glob("*.txt"):
        text = path.read_text()
        assert "://" not in text
        assert "--hash" not in text
        for line in text.splitlines():
            name = line.split("==")[0].strip()
            if name and not name.startswith(("#", "-")):
                assert "==" in line or name.lower().replace("_", "-") in pinned, f"{path}: {name}"


@pytest.mark.parametrize("name", STAGES)
def test_one_stage_has_one_name(name):
    rules = "".join(path.read_text() for path in RULES)
    assert f"rule {name}:" in rules
    assert f"python -m sau {name} " in rules


def test_bad_config_is_one_line_and_exit_code_2():
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "-n", "--config", "training={epohcs: 3}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "training.epohcs: unknown key; did you mean 'epochs'?" in done.stderr
    assert "Traceback" not in done.stderr
