from pathlib import Path

import pytest
import torch

from benchmarks.first_number import bare, config_of
from benchmarks.init import make_files
from sau.config import load
from sau.networks.timm_encoder import TimmEncoder


def test_config_of_the_first_number_is_one(tmp_path: Path) -> None:
    config = load(config_of(tmp_path, 32, 2, "float32", 1, "cpu"))
    row = config.training.runs["probe"]
    assert (row.backbone, row.freeze) == ("timm/tf_efficientnet_lite0", "backbone")
    assert not row.needs_synthetic()


def test_network_alone_passes_all_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many forward passes as a run: the trained ones in each epoch, then the others."""
    files = make_files(tmp_path, 10, 16)
    seen: list[int] = []
    whole = TimmEncoder.forward

    def forward(self: TimmEncoder, images: torch.Tensor) -> torch.Tensor:
        seen.append(len(images))
        return whole(self, images)

    monkeypatch.setattr(TimmEncoder, "forward", forward)
    bare(files, 32, 3, "float32", torch.device("cpu"))
    assert sum(seen) == 3 * 8 + 2
