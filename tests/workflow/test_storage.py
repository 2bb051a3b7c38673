"""Results in another place than the working directory, by storage plugins of Snakemake."""

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.workflow.project import Project, make_project

pytestmark = pytest.mark.slow

SHARDS = [f"results/images/shard-{number}.parquet" for number in range(2)]
ON_DISK = ["--shared-fs-usage", "persistence", "software-deployment", "sources", "source-cache"]
NEEDED_FOR_S3 = ("boto3", "moto", "flask", "snakemake_storage_plugin_s3")


def stored_in(provider: str, prefix: str) -> list[str]:
    """Return the flags by which results are kept under a prefix of a storage provider."""
    return [
        *("--default-storage-provider", provider),
        *("--default-storage-prefix", prefix),
        *ON_DISK,
    ]


@pytest.mark.skipif(shutil.which("rsync") is None, reason="no rsync, which the plugin runs")
def test_shards_in_storage_have_the_bytes_of_a_local_run(finished: Project, tmp_path: Path) -> None:
    project, bucket = make_project(tmp_path / "project"), tmp_path / "bucket"
    done = project.run(*stored_in("fs", str(bucket)), "--", *SHARDS)
    assert done.returncode == 0, done.stderr[-5000:]
    for shard in SHARDS:
        assert not (project.folder / shard).exists()
        assert (bucket / shard).read_bytes() == (finished.folder / shard).read_bytes()
    assert (bucket / "results/logs/images/shard-0.log").is_file()


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty bucket of a server on this machine that speaks S3, and the keys to it."""
    missing = [name for name in NEEDED_FOR_S3 if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    keys = {"ACCESS_KEY": "key", "SECRET_KEY": "secret"}
    for name, value in {**keys, "ENDPOINT_URL": f"http://{host}:{port}"}.items():
        monkeypatch.setenv(f"SNAKEMAKE_STORAGE_S3_{name}", value)
    client = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
    store = boto3.resource("s3", endpoint_url=f"http://{host}:{port}", **client)
    yield store.create_bucket(Bucket="results")
    server.stop()


def test_shards_in_a_bucket_have_the_bytes_of_a_local_run_and_are_found_again(
    finished: Project, bucket: Any, tmp_path: Path
) -> None:
    flags = stored_in("s3", "s3://results/first")
    done = make_project(tmp_path / "one").run(*flags, "--", *SHARDS)
    assert done.returncode == 0, done.stderr[-5000:]
    for shard in SHARDS:
        stored = bucket.Object(f"first/{shard}").get()["Body"].read()
        assert stored == (finished.folder / shard).read_bytes()
    written = {each.key: each.last_modified for each in bucket.objects.all()}
    assert "first/results/logs/images/shard-0.log" in written
    done = make_project(tmp_path / "another").run(*flags, "--", *SHARDS)
    assert done.returncode == 0, done.stderr[-5000:]
    assert "Nothing to be done" in done.stderr
    assert written == {each.key: each.last_modified for each in bucket.objects.all()}
