"""The early stages of a tiny grid, finished: three classes, two shards, a validation image."""

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from sau.config import Config, load
from sau.pipeline.training import stage
from scripts.slices.grid import Run
from scripts.slices.pack import pack
from scripts.slices.run import Slice
from tests.paths import ROOT
from tests.training.conftest import (
    TINY,
    Inputs,
    inputs,  # noqa: F401
    write_members,
)
from tests.training.test_stopping import StopAfter

PLACE = Path("imbalance-8") / "data-seed-0"


@dataclasses.dataclass(frozen=True)
class Grid:
    """A config file, what it says, and its results folder."""

    file: Path
    config: Config
    results: Path

    def pack(self, folder: Path, rows: tuple[str, ...] = ("sau", "ce"), **more: Any) -> Path:
        """Pack rows of it."""
        pack(self.config, folder, [Run(row, "8") for row in rows], **more)
        return folder


def make_config(file: Path, results: Path, **training: Any) -> Config:
    """Write and read a config with the rows ce, sau and drop."""
    values = yaml.safe_load((ROOT / "config.yaml").read_text())
    values["experiment"] |= {"results": str(results), "imbalance_factors": [8], "seeds": [0]}
    values["experiment"]["rows"] = []
    values["images"]["shards"] = 2
    runs = {
        "ce": {"method": "cross_entropy", "data": "real"},
        "sau": {"method": "sau", "data": "balanced"},
        "drop": {"method": "sau", "data": "balanced", "options": {"noise_strategy": "drop"}},
    }
    values["training"] = TINY | {"epochs": 3, "tracker": "tensorboard", "runs": runs} | training
    file.write_text(yaml.safe_dump(values))
    return load(values)


@pytest.fixture
def grid(inputs: Inputs, tmp_path: Path) -> Grid:  # noqa: F811
    results = tmp_path / "results"
    files = {
        "dataset/train.parquet": inputs.train_images[0],
        "dataset/test.parquet": inputs.test_images[0],
        "images/shard-0.parquet": inputs.synthetic_images[0],
        "images/shard-1.parquet": inputs.synthetic_images[1],
        f"subset/{PLACE}/real.parquet": inputs.members[0],
        f"complement/{PLACE}/synthetic.parquet": inputs.members[1],
    }
    for name, source in files.items():
        (results / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, results / name)
    held_out = [{"id": "spare-0", "label": 1}]
    write_members(results / "subset" / PLACE / "validation.parquet", held_out, [False])
    file = tmp_path / "config.yaml"
    return Grid(file, make_config(file, results), results)


class StepSlice(Slice):
    """A slice that ends after so many steps of training, in this process, whatever the time."""

    def __init__(self, steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps, self.monkeypatch = steps, monkeypatch
        self.trained: list[str] = []

    def left(self) -> float:
        return 100.0 if self.steps > 0 else 0.0

    def train(self, words: Any) -> int:
        from sau.__main__ import main

        self.trained.append(words[words.index("--run") + 1])
        stop = StopAfter(self.steps)
        with self.monkeypatch.context() as patch:
            patch.setattr(stage, "Stop", lambda _: stop)
            code = main(["training", *words])
        self.steps = stop.steps
        return code


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], StepSlice]:
    """Make a slice of so many steps."""
    return lambda count: StepSlice(count, monkeypatch)
