import json
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from safetensors.torch import save_file

TINY_TOWER: dict[str, Any] = {
    "embed_dim": 12,
    "vision_cfg": {"image_size": 24, "patch_size": 8, "layers": 2, "width": 32, "head_width": 16},
    "text_cfg": {"context_length": 24, "width": 16, "heads": 2, "layers": 1},
}


@pytest.fixture(scope="session")
def open_clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a random model of open_clip, which its name also stands for."""
    folder = tmp_path_factory.mktemp("models") / "tiny-random-tower"
    folder.mkdir()
    registered = folder.with_suffix(".json")
    registered.write_text(json.dumps(TINY_TOWER))
    open_clip.add_model_config(registered)
    torch.manual_seed(0)
    model = open_clip.create_model(folder.name, load_weights=False)
    about = {"model_cfg": TINY_TOWER, "preprocess_cfg": {"mean": [0.4, 0.5, 0.6]}}
    (folder / "open_clip_config.json").write_text(json.dumps(about))
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    return folder
