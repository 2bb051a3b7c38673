"""A converted folder's own code: the same pictures where `sau` cannot be imported."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from diffusers.pipelines.pipeline_utils import DiffusionPipeline

from sau.glide.cascade import GlideCascadePipeline, GlideUpsamplePipeline
from sau.glide.pictures import from_bytes
from sau.glide.pipeline import GlidePipeline
from sau.glide.standalone import FILE_NAME, standalone
from tests.glide.drawn import enlarged, samples

SCRIPT = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "sau":
            raise ImportError("sau is blocked")

sys.meta_path.insert(0, Blocked())
from pathlib import Path
import numpy as np
import torch
from diffusers import DiffusionPipeline

for folder in sys.argv[1:]:
    loaded = DiffusionPipeline.from_pretrained(
        folder, custom_pipeline=folder, trust_remote_code=True
    )
    small = Path(folder, "small.npy")
    drawn = loaded(
        ["a cat", "two dogs"],
        num_inference_steps="4",
        generator=[torch.Generator().manual_seed(seed) for seed in (1, 2)],
        output_type="latent",
        **({"image": torch.from_numpy(np.load(small))} if small.exists() else {}),
    ).images
    np.save(Path(folder, "drawn.npy"), drawn.numpy())
assert not any(name == "sau" or name == "sau.glide" for name in sys.modules)
"""


def drawn_without_sau(folders: list[Path], home: Path) -> list[np.ndarray]:
    """Return what each folder draws, all in one process: its libraries take seconds to import."""
    command = [sys.executable, "-c", SCRIPT, *map(str, folders)]
    # PyTorch would load the entry point of `sau`, which is installed here though it is blocked.
    environment = {"HF_HOME": str(home), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"}
    environment["TORCH_DEVICE_BACKEND_AUTOLOAD"] = "0"
    done = subprocess.run(
        command, env=environment, cwd=home, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return [np.load(folder / "drawn.npy") for folder in folders]


def save_with_code(pipeline: GlidePipeline | GlideUpsamplePipeline, folder: Path) -> Path:
    pipeline.save_pretrained(folder)
    (folder / FILE_NAME).write_text(standalone(type(pipeline)), encoding="utf-8")
    return folder


def test_base_and_upsampler_draw_the_same_without_sau(
    pipeline: GlidePipeline, upsampler: GlideUpsamplePipeline, tmp_path: Path
) -> None:
    base = save_with_code(pipeline, tmp_path / "base")
    larger = save_with_code(upsampler, tmp_path / "upsampler")
    small = from_bytes(np.arange(96, dtype=np.uint8).reshape(2, 4, 4, 3))
    np.save(larger / "small.npy", small.numpy())
    of_base, of_larger = drawn_without_sau([base, larger], tmp_path)
    words = ["a cat", "two dogs"], [1, 2], "4"
    assert np.array_equal(of_base, samples(pipeline, *words).numpy())
    assert np.array_equal(of_larger, enlarged(upsampler, small, *words).numpy())


@pytest.mark.parametrize("kind", [GlidePipeline, GlideUpsamplePipeline, GlideCascadePipeline])
def test_code_imports_nothing_of_sau(kind: type[DiffusionPipeline]) -> None:
    source = standalone(kind)
    compile(source, FILE_NAME, "exec")
    assert "from sau" not in source
    assert "import sau" not in source
