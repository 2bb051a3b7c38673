import importlib.util

import pytest

from sau.__main__ import main
from sau.core.errors import UserError
from sau.run.command import snakemake_words
from sau.run.files import workflow_folder

SHIPPED = workflow_folder()
SNAKEFILE = ["--snakefile", str(SHIPPED / "Snakefile")]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """An empty folder as the current one, and no profile from outside."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SNAKEMAKE_PROFILE", raising=False)
    return tmp_path


def words(line: str) -> list[str]:
    return snakemake_words(line.split(), SHIPPED)


def test_run_takes_all_cores_and_its_own_snakefile():
    assert words("") == ["--cores", "all", *SNAKEFILE]


@pytest.mark.parametrize(
    "line",
    ["--cores 2", "--cores=2", "-c2", "-c 2", "--jobs 8", "-j8", "--profile p", "--executor slurm"],
)
def test_run_leaves_the_number_of_cores_to_whoever_gives_one(line):
    assert words(line) == [*SNAKEFILE, *line.split()]


def test_run_leaves_the_number_of_cores_to_a_profile_of_the_environment(monkeypatch):
    monkeypatch.setenv("SNAKEMAKE_PROFILE", "cluster")
    assert words("-n") == [*SNAKEFILE, "-n"]


def test_run_passes_on_flags_and_targets_in_their_order():
    line = "--forcerun training --dry-run --quiet rules -- results/report/overview.md"
    assert words(line) == ["--cores", "all", *SNAKEFILE, *line.split()]


@pytest.mark.parametrize(
    "flag", ["--config ", "--config=", "-C ", "--configfile ", "--configfile="]
)
def test_config_file_of_the_current_folder_comes_before_a_shipped_one(flag, here):
    example = "configs/cifake-mini.yaml"
    assert words(f"-n {flag}{example}")[:2] == ["--configfile", str(SHIPPED / example)]
    (here / "configs").mkdir()
    (here / example).touch()
    assert words(f"-n {flag}{example}")[:2] == ["--configfile", example]


def test_config_takes_a_file_and_changes_of_single_keys_at_once(here):
    (here / "my.yaml").touch()
    expected = ["--configfile", "my.yaml", "--config", "a=1", "b={c: 2}", "--cores", "all"]
    given = ["-n", "--config", "my.yaml", "a=1", "--config", "b={c: 2}"]
    assert snakemake_words(given, SHIPPED) == [*expected, *SNAKEFILE, "-n"]


@pytest.mark.parametrize("flag", ["--profile ", "--profile=", "--workflow-profile "])
def test_profile_of_the_current_folder_comes_before_a_shipped_one(flag, here):
    shipped = str(SHIPPED / "profiles/slurm")
    assert words(f"{flag}profiles/slurm") == [*SNAKEFILE, flag.strip(" ="), shipped]
    (here / "profiles/slurm").mkdir(parents=True)
    assert words(f"{flag}profiles/slurm")[-1] == "profiles/slurm"


def test_profile_that_only_snakemake_knows_is_left_to_it():
    assert words("--profile none") == [*SNAKEFILE, "--profile", "none"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--config my.yaml", "--config my.yaml: no file of that name, and not KEY=VALUE"),
        ("--config configs/cifake-mni.yaml", "did you mean 'configs/cifake-mini.yaml'?"),
        ("--config configs", "--config configs: no file of that name"),
        ("--snakefile other/Snakefile", "--snakefile: `sau run` has its own Snakefile"),
        ("-s=other", "-s: `sau run` has its own Snakefile"),
    ],
)
def test_bad_words_are_one_line_and_exit_code_2(line, message, capsys):
    assert main(["run", *line.split()]) == 2
    error = capsys.readouterr().err
    assert error.startswith("sau run: error: ")
    assert message in error
    assert error.count("\n") == 1


def test_missing_snakemake_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main(["run"]) == 2
    line = "sau run: error: Snakemake is not installed: pip install 'sau-longtail[pipeline]'\n"
    assert capsys.readouterr().err == line


def test_help_lists_the_shipped_configs(capsys):
    assert main(["run", "--help"]) == 0
    printed = capsys.readouterr().out
    sweeps = SHIPPED / "configs" / "sweeps"
    for path in (SHIPPED / "configs").rglob("*.yaml"):
        line = f"  {path.relative_to(SHIPPED).as_posix()}\n"
        assert (line in printed) == (path.parent != sweeps), "changes alone are no config"


def test_folder_of_a_package_that_stands_alone_is_refused(here):
    with pytest.raises(UserError, match="no Snakefile stands in or beside the package"):
        workflow_folder(here / "sau")


def test_folder_in_a_wheel_comes_before_the_one_around_the_package(here):
    (here / "Snakefile").touch()
    assert workflow_folder(here / "sau") == here
    shipped = here / "sau" / "run" / "shipped"
    shipped.mkdir(parents=True)
    (shipped / "Snakefile").touch()
    assert workflow_folder(here / "sau") == shipped
