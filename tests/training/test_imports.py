import subprocess
import sys

BLOCKED = "snakemake diffusers open_clip faiss transformers matplotlib jsonschema tensorboard"
SLOW = "torchvision"
"""What few trainings need, and all would wait seconds for."""

SCRIPT = f"""
import sys
for name in {[*BLOCKED.split(), SLOW]!r}:
    sys.modules[name] = None
import sau.pipeline.training.stage
"""


def test_stage_loads_none_of_the_pipelines_packages_nor_torchvision() -> None:
    found = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
