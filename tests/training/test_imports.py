import subprocess
import sys

BLOCKED = "snakemake diffusers open_clip faiss transformers matplotlib jsonschema tensorboard"

SCRIPT = f"""
import sys
for name in {BLOCKED.split()!r}:
    sys.modules[name] = None
import sau.pipeline.training.stage
"""


def test_stage_needs_none_of_the_pipelines_packages() -> None:
    found = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
