"""The build, run for a few steps: its files, its checksums, and going on where it stopped."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from open_clip import create_model_from_pretrained
from torch import nn

from sau.glide.pipeline import GlidePipeline
from scripts.tiny_models import loop as loop_module
from scripts.tiny_models.build import build, fingerprint, write_checksums
from scripts.tiny_models.checkpoint import load_checkpoint, save_checkpoint
from scripts.tiny_models.loop import cosine_factor
from scripts.tiny_models.train_clip import ClipTraining
from scripts.tiny_models.train_glide import GlideTraining

CLIP = ClipTraining(steps=2, batch_size=4, warmup_steps=1)
GLIDE = GlideTraining(steps=4, batch_size=4, warmup_steps=1, steps_per_checkpoint=2)


def _build(folder: Path) -> Path:
    build(folder / "assets", folder / "checkpoints", CLIP, GLIDE, pool_size=20)
    return folder / "assets"


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _build(tmp_path_factory.mktemp("build"))


def test_folders_load(assets: Path) -> None:
    pipeline = GlidePipeline.from_pretrained(assets / "tiny-glide")
    assert pipeline("three", 2).images[0].size == (16, 16)
    model = create_model_from_pretrained(f"local-dir:{assets / 'tiny-clip'}")[0]
    assert model.encode_image(torch.zeros(1, 3, 16, 16)).shape == (1, 64)


def test_checksums_cover_every_file(assets: Path) -> None:
    lines = (assets / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    listed = dict(reversed(line.split("  ")) for line in lines)
    files = [path for path in assets.rglob("*") if path.is_file() and path.name != "SHA256SUMS"]
    assert set(listed) == {path.relative_to(assets).as_posix() for path in files}
    for name, digest in listed.items():
        assert hashlib.sha256((assets / name).read_bytes()).hexdigest() == digest
    assert write_checksums(assets).splitlines() == lines


def test_stopped_build_ends_like_an_unbroken_one(
    assets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop_after_saving(path: Path, step: int, *arguments: Any) -> None:
        save_checkpoint(path, step, *arguments)
        if "average" in arguments[0]:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loop_module, "save_checkpoint", stop_after_saving)
        with pytest.raises(KeyboardInterrupt):
            _build(tmp_path)
    resumed = _build(tmp_path)
    assert write_checksums(resumed) == write_checksums(assets)


def test_paths_of_this_machine_are_not_written(assets: Path) -> None:
    for path in assets.rglob("*.json"):
        assert str(assets.parent) not in path.read_text(encoding="utf-8")


def test_checkpoints_differ_with_the_settings() -> None:
    names = {
        fingerprint(CLIP, 20),
        fingerprint(GLIDE, 20),
        fingerprint(GLIDE, 30),
        fingerprint(GlideTraining(), 20),
    }
    assert len(names) == 4


def test_checkpoint_restores_weights_and_moments(tmp_path: Path) -> None:
    def run(model: nn.Module, optimizer: torch.optim.Optimizer, steps: int) -> None:
        for _ in range(steps):
            model(torch.ones(1, 2)).square().sum().backward()
            optimizer.step()
            optimizer.zero_grad()

    first, second = nn.Linear(2, 2), nn.Linear(2, 2)
    optimizers = [torch.optim.AdamW(model.parameters(), 0.1) for model in (first, second)]
    assert load_checkpoint(tmp_path / "none", {"model": second}, optimizers[1]) == 0
    run(first, optimizers[0], 3)
    save_checkpoint(tmp_path / "c.safetensors", 3, {"model": first}, optimizers[0])
    assert load_checkpoint(tmp_path / "c.safetensors", {"model": second}, optimizers[1]) == 3
    run(first, optimizers[0], 2)
    run(second, optimizers[1], 2)
    assert torch.equal(first.weight, second.weight)


def test_learning_rate_rises_then_falls() -> None:
    factors = np.array([cosine_factor(step, 10, 100) for step in range(100)])
    assert factors[0] == pytest.approx(0.1)
    assert factors[9] == factors[10] == 1.0
    assert (np.diff(factors[10:]) < 0).all()
    assert factors[-1] < 1e-3
