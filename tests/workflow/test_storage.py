"""Results in another place than the working directory, by a storage plugin of Snakemake."""

import shutil
from pathlib import Path

import pytest

from tests.workflow.project import Project, make_project

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("rsync") is None, reason="no rsync, which the plugin runs"),
]

SHARDS = [f"results/images/shard-{number}.parquet" for number in range(2)]


def test_shards_in_storage_have_the_bytes_of_a_local_run(finished: Project, tmp_path: Path) -> None:
    project, bucket = make_project(tmp_path / "project"), tmp_path / "bucket"
    flags = ["--default-storage-provider", "fs", "--default-storage-prefix", str(bucket)]
    flags += ["--shared-fs-usage", "persistence", "software-deployment", "sources", "source-cache"]
    done = project.run(*flags, "--", *SHARDS)
    assert done.returncode == 0, done.stderr[-5000:]
    for shard in SHARDS:
        assert not (project.folder / shard).exists()
        assert (bucket / shard).read_bytes() == (finished.folder / shard).read_bytes()
    assert (bucket / "results/logs/images/shard-0.log").is_file()
