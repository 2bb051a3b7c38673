import subprocess
import sys

BLOCKED = "snakemake diffusers open_clip faiss transformers matplotlib jsonschema tensorboard"
SLOW = "torchvision torch._dynamo torch._inductor"
"""What few trainings need, and all would wait seconds for."""

TRAIN = f"""
import sys
for name in {[*BLOCKED.split(), *SLOW.split()]!r}:
    sys.modules[name] = None
import sau.pipeline.training.stage
import torch
from sau.device.repeatable import repeatable
from sau.engine.api import train
from sau.engine.operation_counter import OperationCounter

labels = torch.arange(12) % 3
images = torch.randint(0, 256, (12, 3, 12, 12), dtype=torch.uint8)
settings = dict(method="cross_entropy", backbone="whitened_cnn", width=2, cutout_size=4)
settings |= dict(batch_size=6, epochs=1)
for optimizer, others in [("sgd", "sgd"), ("adamw", "sgd"), ("muon", "sgd"), ("muon", "adamw")]:
    with repeatable(1), OperationCounter() as counter:
        train(images, labels, optimizer=optimizer, muon_others=others, **settings)
    assert counter.total > 0
"""


def test_training_loads_none_of_the_pipelines_packages_nor_torchvision_nor_a_compiler() -> None:
    """Nor does its stage, which the script imports first."""
    found = subprocess.run([sys.executable, "-c", TRAIN], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
