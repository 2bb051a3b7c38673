"""Runs of the images stage on a strict device, in a process of its own: see tests/accelerator.py.

python -m tests.pipeline.images.strict_runs FOLDER SETTINGS: a folder with class names and prompts,
and JSON of each run's settings by its name.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

import sau.device.gpus
from tests.accelerator import DEVICE, accelerator, write_waits
from tests.pipeline.images.conftest import Inputs

DEVICE_RUN = "device"


def main(folder: Path, runs: Mapping[str, Mapping[str, Any]]) -> None:
    """Draw each run's images, and record its waits in a file of its name."""
    inputs = Inputs(folder, ["zero", "one"])
    with patch.object(sau.device.gpus, "reserved_device", _reserved):
        for name, settings in runs.items():
            with accelerator() as device:
                inputs.run(name=f"{name}-{DEVICE_RUN}", **settings)
            write_waits(folder / f"{name}.json", device)


@contextmanager
def _reserved(*_: Any) -> Iterator[torch.device]:
    yield DEVICE


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
