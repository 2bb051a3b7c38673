"""A finished run of the real pipeline, in a copy of the project."""

import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from tests.workflow.project import Project, finished_project


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Project:
    """Run once, whichever of the processes that share the tests asks first; the others wait."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    with FileLock(shared / "finished.lock"):
        return finished_project(shared / "finished")


def copy_of(finished: Project, folder: Path) -> Project:
    """Copy a project, times and metadata included."""
    shutil.copytree(finished.folder, folder, copy_function=shutil.copy2)
    return Project(folder, finished.config)


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Project:
    """A copy of the finished project that a test may run and edit."""
    return copy_of(finished, tmp_path / "project")


@pytest.fixture(scope="module")
def planning(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the finished project for dry runs; who edits it puts it back as it was."""
    return copy_of(finished, tmp_path_factory.mktemp("planning") / "project")
