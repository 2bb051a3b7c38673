"""The profile for Kubernetes, in a dry run: no cluster is there.

Snakemake imports every plugin that is installed whenever it starts, and this one's client takes a
second to import: so it is none of the packages that are installed for the tests. Continuous
integration has it in a folder beside them.
"""

from pathlib import Path

import pytest

from tests.workflow.project import make_project

pytest.importorskip("snakemake_executor_plugin_kubernetes", reason="no executor for Kubernetes")


def test_profile_plans_the_whole_run(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    flags = ["--container-image", "sau", "--default-storage-provider", "fs"]
    flags += ["--default-storage-prefix", str(tmp_path / "bucket")]
    planned = project.planned("--profile", "profiles/kubernetes", *flags)
    assert planned == project.planned()
    assert planned["images"] == 2
    assert planned["training"] == 3
