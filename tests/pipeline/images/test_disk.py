"""The estimate of disk."""

import logging
import shutil
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest

from sau.pipeline.images.disk import DiskEstimate, readable
from sau.pipeline.images.image_generator import Drawn
from sau.pipeline.images.rows import Task, images_rows
from tests.pipeline.images.conftest import Inputs

Usage = namedtuple("Usage", "total used free")


def batch(drawn: list[Drawn]):
    tasks = [Task(place, f"image {place}", 0, "prompt", place) for place in range(len(drawn))]
    return images_rows(tasks, drawn, None)


def noise(seed: int) -> Drawn:
    return Drawn(np.random.default_rng(seed).integers(0, 256, (64, 64, 3), np.uint8))


def test_size_of_all_is_told_by_the_first_pictures(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A picture of noise takes its 12,288 bytes."""
    with caplog.at_level(logging.INFO):
        estimate = DiskEstimate(tmp_path, 1000, 1, 5)
        estimate.see(batch([Drawn(None, "none")] * 4))
        assert caplog.messages == []
        estimate.see(batch([noise(0), noise(1), Drawn(None, "none")]))
        estimate.see(batch([noise(2)]))
    (line,) = caplog.messages
    assert line.startswith("about 11.9 MiB for this shard's 1000 images, 59.6 MiB for all 5 shards")


@pytest.mark.parametrize(("free", "warned"), [(61e6, False), (49e6, True)])
def test_pictures_that_do_not_fit_are_said(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    free: float,
    warned: bool,
) -> None:
    """Four shards of 12.5 MB each are to come, and the batches of one lie beside it."""
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(0, 0, int(free + 12.5e6)))
    with caplog.at_level(logging.WARNING):
        DiskEstimate(tmp_path, 1000, 1, 5).see(batch([noise(0)]))
    assert bool(caplog.messages) == warned
    assert not warned or "make room, or set images.image_size" in caplog.text


def test_stage_says_it(inputs: Inputs, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        inputs.run(batch_size=2)
    assert len([line for line in caplog.messages if "for this shard's 7 images" in line]) == 1


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (5 * 2**40, "5.0 TiB")],
)
def test_sizes_are_readable(size: int, text: str) -> None:
    assert readable(size) == text
