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


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Project:
    """A copy of the finished project that a test may edit; times and metadata are kept."""
    shutil.copytree(finished.folder, tmp_path / "project", copy_function=shutil.copy2)
    return Project(tmp_path / "project", finished.config)
