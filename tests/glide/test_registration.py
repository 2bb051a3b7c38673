"""`DiffusionPipeline.from_pretrained(folder)` in programs that never import `sau`."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import diffusers
import numpy as np
import pytest
from diffusers.pipelines.pipeline_utils import DiffusionPipeline

from sau.glide import registration
from sau.glide.cascade import GlideCascadePipeline, GlideUpsamplePipeline
from sau.glide.pipeline import GlidePipeline
from tests.glide.drawn import samples
from tests.paths import ROOT

SCRIPT = """
import sys
from diffusers import DiffusionPipeline

assert "sau.glide.pipeline" not in sys.modules, "diffusers alone loads the networks of GLIDE"
kinds = [type(DiffusionPipeline.from_pretrained(folder)).__name__ for folder in sys.argv[2:]]
print(*kinds)
import numpy as np
import torch
drawn = DiffusionPipeline.from_pretrained(sys.argv[2])(
    ["a cat"],
    num_inference_steps=3,
    generator=[torch.Generator().manual_seed(1)],
    output_type="latent",
)
np.save(sys.argv[1], drawn.images.numpy())
"""


def test_plain_diffusers_loads_each_pipeline_where_sau_is_installed(
    pipeline: GlidePipeline, upsampler: GlideUpsamplePipeline, tmp_path: Path
) -> None:
    both = GlideCascadePipeline.of(pipeline, upsampler)
    folders = [tmp_path / name for name in ("base", "upsampler", "cascade")]
    for one, folder in zip((pipeline, upsampler, both), folders, strict=True):
        one.save_pretrained(folder)
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "drawn.npy"), *map(str, folders)]
    environment = {"HF_HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == list(registration.PIPELINES)
    assert np.array_equal(
        np.load(tmp_path / "drawn.npy"), samples(pipeline, ["a cat"], [1], "3").numpy()
    )


def test_plain_diffusers_loads_the_shipped_folder() -> None:
    loaded = DiffusionPipeline.from_pretrained(ROOT / "sau" / "assets" / "tiny-glide")
    assert type(loaded) is GlidePipeline


def test_names_that_nobody_has_stay_unknown() -> None:
    with pytest.raises(AttributeError, match="GlideOfTomorrow"):
        _ = diffusers.GlideOfTomorrow


def test_register_waits_once_for_diffusers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, registration.LOADER)
    monkeypatch.setitem(sys.modules, "diffusers", fresh := ModuleType("diffusers"))
    monkeypatch.setattr(sys, "meta_path", [])
    registration.register()
    registration.register()
    (waiting,) = sys.meta_path
    assert waiting.find_spec("diffusers.pipelines", None) is None
    assert sys.meta_path == [waiting]
    assert waiting.find_spec(registration.LOADER, None) is None
    assert sys.meta_path == []
    assert fresh.GlidePipeline is GlidePipeline


def test_a_pipeline_of_diffusers_own_goes_before(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = ModuleType("diffusers")
    vars(fresh)["__all__"] = ["GlidePipeline"]
    monkeypatch.setitem(sys.modules, "diffusers", fresh)
    registration.register()
    assert not hasattr(fresh, "GlidePipeline")
    assert fresh.GlideCascadePipeline is GlideCascadePipeline
