"""The scores stage on a device that is as strict as a GPU, beside the same run on the CPU."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.accelerator import needs_accelerator, read_waits
from tests.apart import run_apart
from tests.pipeline.scores.conftest import run

pytestmark = needs_accelerator

BATCHES = 4
SETTINGS = {"batch_size": 2}


@pytest.fixture
def on_device(images: Path) -> Path:
    """The folder with the scores of the same images on the device."""
    run_apart("tests.pipeline.scores.strict_runs", str(images), json.dumps({"device": SETTINGS}))
    return images.parent


def test_scores_are_those_of_the_cpu_and_no_batch_waits(images: Path, on_device: Path) -> None:
    expected, found = run(images, **SETTINGS), pq.read_table(on_device / "device.parquet")
    assert found.num_rows > (BATCHES - 1) * SETTINGS["batch_size"]
    assert found.schema.names == expected.schema.names
    for name in expected.schema.names:
        assert_close(found[name], expected[name])
    waits = read_waits(on_device / "device.json", within="sau.pipeline.scores.score.__call__")
    assert {wait: times for wait, times in waits.items() if times >= BATCHES} == {}


def assert_close(found: pa.ChunkedArray, expected: pa.ChunkedArray) -> None:
    """Compare numbers to what rounding leaves of them, and anything else exactly."""
    if not pa.types.is_float32(expected.type):
        assert found.equals(expected)
        return
    assert found.is_null().equals(expected.is_null())
    values = [column.drop_null().to_numpy() for column in (found, expected)]
    np.testing.assert_allclose(*values, rtol=0, atol=1e-5)
