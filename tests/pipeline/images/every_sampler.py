"""A run of the images stage for each way to draw, all of them on tiny models."""

from pathlib import Path
from typing import Any

from tests.pipeline.images.tiny_diffusers import save_tiny_pipeline
from tests.pipeline.images.tiny_upsampler import save_tiny_upsampler

STEPS = 6
NAMES = ["ancestral", "ddim", "solver", "upsampled", "diffusers"]


def settings_of_runs(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the settings of each run by its name; models that they need are saved in `folder`."""
    runs: dict[str, dict[str, Any]] = {
        "ancestral": {},
        "ddim": {"sampler": "ddim"},
        "solver": {"sampler": "dpm-solver++"},
        "upsampled": {
            "upsampler": save_tiny_upsampler(folder / "upsampler"),
            "upsampler_steps": str(STEPS),
        },
        "diffusers": {"model": save_tiny_pipeline(folder / "pipeline"), "source": "diffusers"},
    }
    assert list(runs) == NAMES
    return {name: {"steps": str(STEPS)} | settings for name, settings in runs.items()}
