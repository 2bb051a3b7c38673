"""A finished run of the real pipeline, in a copy of the project."""

import shutil

import pytest

from tests.workflow.project import Project, make_project


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Project:
    project = make_project(tmp_path_factory.mktemp("finished"))
    done = project.run()
    assert done.returncode == 0, done.stderr[-5000:]
    return project


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """A copy of the finished project that a test may edit; times and metadata are kept."""
    shutil.copytree(finished.folder, tmp_path / "project", copy_function=shutil.copy2)
    return Project(tmp_path / "project", finished.config)
