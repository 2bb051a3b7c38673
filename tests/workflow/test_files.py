"""What a dry run and a lint do not see."""

import re

import pytest
import yaml

from sau.pipeline.registry import STAGES
from tests.forks import dry_run
from tests.paths import ROOT

QUIET = ("--quiet", "rules")
RULES = sorted((ROOT / "workflow" / "rules").glob("*.smk"))


def test_environments_and_captions_that_are_named_exist():
    named = 0
    for path in RULES:
        for name in re.findall(r'"(\.\./[^"]+\.(?:yaml|rst))"', path.read_text()):
            assert (path.parent / name).is_file(), f"{path.name} names {name}"
            named += 1
    assert named > 10


def requirements(name: str) -> set[str]:
    """Return the packages of a requirements file, at the versions of constraints.txt."""
    pins = dict(
        line.lower().split("==")
        for line in (ROOT / "envs" / "constraints.txt").read_text().splitlines()
        if "==" in line
    )
    found = set()
    for line in (ROOT / "envs" / name).read_text().splitlines():
        if line.startswith("--requirement"):
            found |= requirements(line.split()[1])
        elif line and not line.startswith(("#", "--")):
            found.add(line if "==" in line else f"{line}=={pins[line]}")
    return found


@pytest.mark.parametrize("name", ["pipeline", "training"])
def test_conda_environments_hold_what_the_requirement_files_do(name):
    environment = yaml.safe_load((ROOT / "envs" / f"{name}.yaml").read_text())
    pip = next(d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
    assert set(pip) == requirements(f"{name}.txt")


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
def test_stage_has_one_name(name):
    rules = "".join(path.read_text() for path in RULES)
    assert f"rule {name}:" in rules
    launcher = "{params.launcher}" if name == "training" else "python -m"
    assert f"{launcher} sau {name} " in rules


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("training={epohcs: 3}", "training.epohcs: unknown key; did you mean 'epochs'?"),
        ("training={epochs: many}", "'many' is not of type 'integer'"),
        ("experiment={imbalance_factors: [0.5]}", "0.5 is less than the minimum of 1"),
        ("experiment={rows: [ce, suu]}", "'suu': unknown row; did you mean 'sau'?"),
        ("experiment={results: README.md}", "experiment.results: README.md is a file"),
        ("dataset={source: image-folder, folder: no/such}", "no/such does not exist"),
    ],
)
def test_bad_config_is_one_line_and_exit_code_2(change, message):
    done = dry_run(ROOT, *QUIET, "--config", change)
    assert done.returncode == 2
    assert message in done.stdout
    assert "Traceback" not in done.stdout


def test_row_that_stands_twice_is_one_line_and_exit_code_2(tmp_path):
    text = (ROOT / "config.yaml").read_text()
    row = re.search(r"^ *ce:.*\n", text, re.MULTILINE).group()
    (tmp_path / "twice.yaml").write_text(text.replace(row, 2 * row))
    done = dry_run(ROOT, *QUIET, "--configfile", str(tmp_path / "twice.yaml"))
    assert done.returncode == 2
    assert "training.runs.ce stands in line" in done.stdout
    assert "Traceback" not in done.stdout


def test_override_of_single_keys_works_as_the_docs_have_it():
    page = (ROOT / "docs" / "first-run.md").read_text()
    change = re.search(r"--config '([^']+)'", page).group(1)
    done = dry_run(
        ROOT, *QUIET, "--config", change, "training={learning_rate: 0.1, horizontal_flip: true}"
    )
    assert done.returncode == 0, done.stdout
    assert re.search(r"training +6\n", done.stdout)


def test_lists_of_the_grid_are_replaced_on_the_command_line():
    """The values of a list are the command line's alone, beside a config file or without one."""
    change = "experiment={rows: [sau, ce], imbalance_factors: [100, as-is], seeds: [4], results: r}"
    for words in ([], ["--configfile", "config.yaml"]):
        done = dry_run(ROOT, *QUIET, *words, "--config", change)
        assert done.returncode == 0, done.stdout
        counts = dict(re.findall(r"^(\w+) +(\d+)$", done.stdout, re.MULTILINE))
        assert {k: counts[k] for k in ("subset", "training", "evaluation", "report")} == {
            "subset": "2",
            "training": "4",
            "evaluation": "4",
            "report": "2",
        }


@pytest.mark.parametrize(
    ("processes", "launcher"),
    [(1, "python -m"), (2, "torchrun --standalone --nproc-per-node 2 -m")],
)
def test_processes_are_started_by_torchrun(processes, launcher):
    """Each asks for a GPU of its own, in the rows that are trained on one."""
    change = f"training={{processes: {processes}, threads: 3, batch_size: 8}}"
    ce = "{label: CE, method: cross_entropy, data: real, device: cuda}"
    rows = f"training={{runs: {{ce: {ce}}}}}"
    words = ("--forceall", "--printshellcmds", "--cores", "8", "--config", change, rows)
    done = dry_run(ROOT, *words)
    assert done.returncode == 0, done.stdout
    printed = done.stdout
    lines = re.findall(r"^Shell command: (\S.*) sau training ", printed, re.MULTILINE)
    assert set(lines) == {launcher}
    jobs = re.findall(r"rule training:\n(?:    .*\n)*?    threads: (\d+)", printed)
    assert set(jobs) == {str(3 * processes)}
    asked = r"    wildcards: run=([\w-]+),.*\n(?:    .*\n)*?    resources: .*gpu=(\d)"
    gpus = re.findall(asked, printed)
    assert set(gpus) == {("ce", str(processes)), ("ce-balanced", "0"), ("sau", "0")}


def test_workflow_runs_from_another_folder(tmp_path):
    done = dry_run(tmp_path, *QUIET, "--snakefile", str(ROOT / "Snakefile"))
    assert done.returncode == 0, done.stdout
