"""A run of the images stage for each way to draw, all of them on tiny models."""

from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from tests.pipeline.images.glide_files import lora, own_vectors
from tests.pipeline.images.tiny_diffusers import save_tiny_pipeline
from tests.pipeline.images.tiny_upsampler import save_tiny_upsampler

STEPS = 6
NAMES = ["ancestral", "ddim", "solver", "upsampled", "learned", "diffusers"]


def settings_of_runs(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the settings of each run by its name; models that they need are saved in `folder`."""
    save_file(lora(1), folder / "lora.safetensors")
    save_file({"x": own_vectors("seven")}, folder / "embedding.safetensors")
    runs: dict[str, dict[str, Any]] = {
        "ancestral": {},
        "ddim": {"sampler": "ddim"},
        "solver": {"sampler": "dpm-solver++"},
        "upsampled": {
            "upsampler": save_tiny_upsampler(folder / "upsampler"),
            "upsampler_steps": str(STEPS),
        },
        "learned": {
            "lora": str(folder / "lora.safetensors"),
            "lora_scale": 0.01,  # random weights are far larger than learned ones
            "embedding": str(folder / "embedding.safetensors"),
        },
        "diffusers": {"model": save_tiny_pipeline(folder / "pipeline"), "source": "diffusers"},
    }
    assert list(runs) == NAMES
    return {name: {"steps": str(STEPS)} | settings for name, settings in runs.items()}
