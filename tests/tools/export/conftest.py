"""Exports are loaded by processes that cannot import this package."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sau.assets.trained_model import TrainedModel
from sau.engine.prediction import probabilities
from sau.networks import Network, NetworkConfig
from tests.forks import TORCH, python
from tests.preprocessing import preprocessing_of
from tests.tiny_tower import open_clip_folder

__all__ = ["open_clip_folder"]

NAMES = ["ant", "bee", "cat|dog", "élan"]

_BEFORE = """
import sys
sys.modules["sau"] = None  # importing it raises ImportError
import os
import numpy as np
"""
_AFTER = """
for folder in sys.argv[1:]:
    os.chdir(folder)
    sys.path[0] = folder
    np.save("found.npy", find(np.load("images.npy")))
"""


def saved(folder: Path, config: NetworkConfig, **preprocessing: Any) -> Path:
    """Save a network with random weights, and with BatchNorm statistics that do something."""
    network = Network(config, seed=1)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        network.train()
        for _ in range(30):
            network(torch.randn(8, 3, 40, 40, generator=generator))
        network.eval()
        if config.classifier == "linear":  # scores around 0, none of them certain
            scores = network(torch.randn(32, 3, 40, 40, generator=generator))
            network.classifier.bias.sub_(scores.mean(dim=0))
    facts = {"class_names": NAMES, "preprocessing": preprocessing_of(40, **preprocessing)}
    network.save_pretrained(folder, **facts)
    return folder


def pictures(model: Path) -> np.ndarray:
    """Return images of random pixels of a model's size, uint8 (5, 3, H, W)."""
    height, width = TrainedModel.load(model, "MODEL").preprocessing.size
    return np.random.default_rng(0).integers(0, 256, (5, 3, height, width), dtype=np.uint8)


@torch.no_grad()
def expected(model: Path, images: np.ndarray) -> np.ndarray:
    """Return the probabilities that this package finds for images."""
    trained = TrainedModel.load(model, "MODEL")
    views, flip = trained.preprocessing.views(), trained.preprocessing.test_views
    return probabilities(trained.network, torch.from_numpy(images), views, flip).numpy()


def without_sau(folders: list[Path], code: str) -> list[np.ndarray]:
    """Run code in each exported folder where sau cannot be imported; `find` returns what it found.

    All in one process, as its libraries take seconds to import. `images.npy` in a folder are
    the code's `images`.
    """
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environment |= {"HF_HUB_OFFLINE": "1"}
    program = folders[0].parent / "load.py"
    program.write_text(f"{_BEFORE}{code}{_AFTER}")
    words = (str(program), *map(str, folders))
    done = python(program.parent, *words, preloaded=TORCH, environment=environment)
    assert done.returncode == 0, done.stderr
    return [np.load(folder / "found.npy") for folder in folders]


@pytest.fixture
def cifar_model(tmp_path: Path) -> Path:
    return saved(tmp_path / "model", NetworkConfig("resnet8", 8, 4))


@pytest.fixture
def resnet18_model(tmp_path: Path) -> Path:
    return saved(tmp_path / "model", NetworkConfig("resnet18", 64, 4))
