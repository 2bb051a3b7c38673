import sys

import pytest

from benchmarks.scale import main
from tests.forked_jobs import job_python


@pytest.mark.slow
def test_killed_shard_ends_in_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(job_python()))
    words = ["--classes", "3", "--per-class", "240", "--shards", "4", "--threads", "1"]
    words += ["--rounds", "1"]
    for size in main(words).figures.values():
        assert size["same_bytes"]
        assert size["resumed"]["after_batches"] == 2
        assert size["shard"]["peak_bytes"] > 0
