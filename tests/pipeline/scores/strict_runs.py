"""Runs of the scores stage on a strict device, in a process of its own: see tests/accelerator.py.

python -m tests.pipeline.scores.strict_runs IMAGES SETTINGS: a manifest of images, and JSON of each
run's settings by its name. Beside the manifest each run leaves its scores, and JSON of its waits.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow.parquet as pq
import torch

from sau.pipeline.scores import shard
from tests.accelerator import DEVICE, accelerator, write_waits
from tests.pipeline.scores.conftest import run


def main(images: Path, runs: Mapping[str, Mapping[str, Any]]) -> None:
    """Score the images, and record each run's waits."""
    with patch.object(shard, "reserved_device", _reserved):
        for name, settings in runs.items():
            with accelerator() as device:
                scored = run(images, **settings)
            pq.write_table(scored, images.with_name(f"{name}.parquet"))
            write_waits(images.with_name(f"{name}.json"), device)


@contextmanager
def _reserved(*_: Any) -> Iterator[torch.device]:
    yield DEVICE


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
