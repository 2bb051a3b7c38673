import os
import subprocess
import sys
from pathlib import Path

import pytest

from sau.run.environment import environment, linked
from sau.run.files import PACKAGE


def python_says(commands: str, code: str, folder: Path) -> str:
    """Return what Python prints after these shell commands, in an otherwise bare environment."""
    shell = f"{commands}python -c '{code}'"
    bare = {"PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["bash", "-c", shell], cwd=folder, env=bare, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_environment_of_a_checkout_runs_its_package_by_this_python(tmp_path):
    said = python_says(
        environment(deployed=False), "import sau, sys; print(sau, sys.prefix)", tmp_path
    )
    assert str(PACKAGE) in said
    assert said.endswith(sys.prefix)


def test_environment_of_deployed_software_keeps_its_own_python():
    assert "PATH=" not in environment(deployed=True).replace("PYTHONPATH=", "")


@pytest.fixture
def installed(tmp_path):
    """A package as a wheel installs it, beside one that is of use to no other Python."""
    package = tmp_path / "site-packages" / "sau"
    (package / "run" / "shipped").mkdir(parents=True)
    (package / "run" / "shipped" / "Snakefile").touch()
    (package / "__init__.py").write_text("where = 'installed'")
    (package.parent / "numpy.py").write_text("raise ImportError('of another Python')")
    return package


def test_environment_of_an_installed_package_is_that_of_its_python(installed):
    assert "PYTHONPATH" not in environment(deployed=False, package=installed)


def test_deployed_software_finds_an_installed_package_without_its_neighbours(
    installed, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    commands = environment(deployed=True, package=installed)
    commands += f"export PATH={Path(sys.executable).parent}:$PATH; "
    code = "import sau, numpy; print(sau.where)"
    assert python_says(commands, code, tmp_path) == "installed"


def test_link_follows_the_package_that_plans_the_jobs(tmp_path):
    for name in ("old", "old", "new"):
        (tmp_path / name / "sau").mkdir(parents=True, exist_ok=True)
        folder = linked(tmp_path / name / "sau", tmp_path / "link")
        assert (folder / "sau").readlink() == tmp_path / name / "sau"
        assert [path.name for path in folder.iterdir()] == ["sau"]
