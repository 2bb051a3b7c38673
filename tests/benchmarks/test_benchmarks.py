"""Each benchmark, tiny: it runs, and writes what it prints."""

import dataclasses
import importlib
import json
import subprocess
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks import all as everything
from benchmarks import optimizer_cost
from benchmarks.engine import settings_from
from sau.core.errors import UserError
from sau.device.precision import computes_in_bfloat16
from sau.engine.settings import TrainingSettings
from tests.benchmarks.conftest import TINY, TINY_NETWORK

TAIL = ["--imbalance-factor", "5", "--reference-share", "0.5"]
SMALL: dict[str, list[str]] = {
    "training_step": TINY_NETWORK,
    "optimizer_cost": TINY_NETWORK,
    "fast_lane": ["--width", "2", "--batch-size", "6", "--classes", "3"],
    "kept_memory": ["--width", "2", "--batch-size", "6", "--steps", "1"],
    "views": ["--batch-size", "4", "--stored-size", "20", "--crop-size", "16"],
    "contrastive_loss": ["--batch-sizes", "256", "--classes", "3", "4", "--embedding-size", "8"],
    "nearest_neighbours": ["--rows", "200", "--dimension", "8", "--queries", "4"],
    "share_of_peak": [*TINY_NETWORK, "--matrix-size", "32"],
    "passes": [*TINY_NETWORK[:-2], "--clock", "processor"],
    "generation": ["--size", "small", "--steps", "2", "--solver-steps", "2", "--matrix-size", "32"],
    "scoring": ["--model", "tiny-clip", "--batch-size", "3", "--batches", "2", "--side", "12"],
    "curation": ["--classes", "4", "--per-class", "30", "--test-images", "20", *TAIL],
    "manifests": ["--rows", "20", "--bytes", "50"],
    "predict": ["--large", "1", "--small", "3"],
    "unscored": ["--rows", "40", "--images", "2", "--side", "8"],
    "init": ["--images", "40", "--side", "16", "--clock", "processor"],
}
RATIOS = {
    "training_step": 2,
    "optimizer_cost": 3,
    "fast_lane": 1 + computes_in_bfloat16(torch.device("cpu")),
    "kept_memory": 1,
    "views": 4,
    "contrastive_loss": 2,
    "nearest_neighbours": 4,
    "share_of_peak": 1,
    "passes": 2,
    "generation": 2,
    "scoring": 1,
    "curation": 1,
    "manifests": 4,
    "predict": 2,
    "unscored": 1,
    "init": 1,
}


@dataclasses.dataclass(frozen=True)
class Made:
    """What a benchmark has written and printed."""

    text: str
    printed: str

    @property
    def record(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text)
        return found


def with_small_head(arguments: Namespace) -> TrainingSettings:
    """Return a benchmark's settings: Muon takes a second for a step of the head's 2,048 units."""
    return settings_from(arguments).replace(projection_hidden=16, projection_size=8)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    """Run each benchmark once."""
    folder = tmp_path_factory.mktemp("benchmarks")
    results = {}
    for name, small in SMALL.items():
        path = folder / f"{name}.json"
        with pytest.MonkeyPatch.context() as patch:
            printed: list[str] = []
            patch.setattr("builtins.print", lambda text, into=printed: into.append(text))
            patch.setattr(optimizer_cost, "settings_from", with_small_head)
            importlib.import_module(f"benchmarks.{name}").main(
                [*TINY, *small, "--output", str(path)]
            )
        results[name] = Made(path.read_text(), "\n".join(printed))
    return results


@pytest.mark.parametrize("name", SMALL)
def test_benchmark_prints_and_writes_positive_ratios(name: str, made: dict[str, Made]) -> None:
    record = made[name].record
    assert record["benchmark"] == name
    assert len(record["ratios"]) == RATIOS[name]
    for ratio in record["ratios"]:
        assert 0 < ratio["lowest"] <= ratio["ratio"] <= ratio["highest"]
        assert len(ratio["rounds"]["slower"]) == len(ratio["rounds"]["faster"]) >= 3
        assert f"{ratio['what']}: {ratio['slower']}" in made[name].printed
    assert record["settings"]["threads"] == record["machine"]["threads"] == 1
    assert {"torch", "torchvision", "python"} <= set(record["versions"])


def test_back_ends_found_the_same_neighbours(made: dict[str, Made]) -> None:
    figures = made["nearest_neighbours"].record["figures"]
    assert list(figures["same_neighbours"].values()) == [True] * 3


def test_full_masks_keep_more_than_one_matrix_and_the_engine_about_one(
    made: dict[str, Made],
) -> None:
    facts = made["contrastive_loss"].record["figures"]["memory"]["batch 256, 3 classes"]
    matrix = 4 * (2 * (256 + 3)) ** 2
    assert facts["masked kept"] > 2 * matrix
    assert facts["engine kept"] < 1.5 * matrix
    assert facts["masked loss"] == pytest.approx(facts["engine loss"], rel=1e-4)


def test_share_of_the_bare_model_is_that_of_the_times(made: dict[str, Made]) -> None:
    record, printed = made["scoring"].record, made["scoring"].printed
    ratio, figures = record["ratios"][0], record["figures"]
    assert (ratio["slower"], ratio["faster"]) == ("scoring", "bare forward")
    assert figures["share"] == pytest.approx(1 / ratio["ratio"])
    assert figures["scored_per_second"] == pytest.approx(6 / ratio["slower_seconds"])
    assert f"{100 * figures['share']:.1f} %" in printed


def test_curation_measures_each_stage_as_a_process(made: dict[str, Made]) -> None:
    figures = made["curation"].record["figures"]
    stages = figures["stages"]
    assert list(stages) == ["complement", "filter", "subset"]
    assert figures["seconds"] == pytest.approx(sum(each["seconds"] for each in stages.values()))
    assert figures["peak_bytes"] == max(each["peak_bytes"] for each in stages.values()) > 10 << 20
    assert "as processes: " in made["curation"].printed


def test_benchmarks_all_stand_on_one_page(
    made: dict[str, Made], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pretend(command: list[str], check: bool) -> subprocess.CompletedProcess[str]:
        arguments = importlib.import_module(command[2]).build_parser().parse_args(command[3:])
        name = command[2].removeprefix("benchmarks.")
        record = made[name].record
        record["settings"] |= {"reference": getattr(arguments, "reference", None)}
        arguments.output.write_text(json.dumps(record))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", pretend)
    everything.main([*TINY, "--workers", "3", "--output", str(tmp_path)])
    page = (tmp_path / "README.md").read_text()
    assert len(list(tmp_path.glob("*.json"))) == len(SMALL) + 1
    for name in SMALL:
        assert f"| {name}" in page
    assert "published reference" in page
    assert "lean reference" in page
    assert "| convolution |" in page
    assert "GFLOP an image" in page
    assert "engine kept" in page
    assert "| complement |" in page


def test_benchmark_that_fails_stops_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(command: list[str], check: bool) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 2)

    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(UserError, match="training_step failed"):
        everything.main([*TINY, "--output", str(tmp_path)])
