"""The format `torch`: weights, and the code that loads them without this package."""

import inspect
import json
from pathlib import Path

import torch
from safetensors.torch import save

from sau.assets.trained_model import TrainedModel
from sau.core.errors import UserError
from sau.engine.prediction import probabilities
from sau.tools.export.deployed import (
    HERE,
    TOLERANCE,
    deploy,
    deployed_config,
    deployed_state,
    largest_difference,
    probe_images,
)
from sau.tools.export.standalone import model as standalone

_OURS, _THEIRS = "from sau.networks.", "from "

LIBRARIES = (HERE, "torchvision", "timm")


def write_torch(model: TrainedModel, folder: Path) -> list[str]:
    """Write weights, config.json, model.py and the encoder's own code; return the packages.

    Args:
        model: what is exported.
        folder: an empty one.

    Raises:
        UserError: an encoder that no library with such code has.
    """
    config = deployed_config(model)
    library = config["encoder"]["library"]
    if library not in LIBRARIES:
        raise UserError(
            f"--to torch: the encoder is {model.network.config.backbone}, which has no code that "
            "could go into the folder; export it to onnx"
        )
    check_same(model)
    (folder / "model.safetensors").write_bytes(save(deployed_state(model)))
    (folder / "config.json").write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n")
    source = Path(standalone.__file__).read_text(encoding="utf-8")
    assert _OURS in source
    (folder / "model.py").write_text(source.replace(_OURS, _THEIRS), encoding="utf-8")
    if library == HERE:
        code = Path(inspect.getfile(type(model.network.encoder)))
        (folder / code.name).write_bytes(code.read_bytes())
    of_library = [library] if library in ("torchvision", "timm") else []
    return ["torch", *of_library, "safetensors", "pillow"]


@torch.no_grad()
def check_same(model: TrainedModel) -> None:
    """Make sure that the plain module says what the network says.

    Raises:
        UserError: another encoder than those that it knows.
    """
    images, preprocessing = probe_images(model), model.preprocessing
    model.network.precision = torch.float32
    ours = probabilities(model.network, images, preprocessing.views(), preprocessing.test_views)
    difference = largest_difference(ours, deploy(model)(images))
    if difference > TOLERANCE:
        raise UserError(
            f"MODEL: {model.folder}: outside of sau the network gives other probabilities, by up "
            f"to {difference:.2g}; it cannot be exported"
        )
