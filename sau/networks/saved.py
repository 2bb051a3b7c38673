"""What stands in a saved network's folder."""

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from sau.networks.low_rank import merge_low_rank
from sau.storage.files import file_sha256
from sau.storage.sealed import SEAL, unsealed

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
WEIGHTS_HASH = "weights_sha256"
OF_EPOCH = "epoch-"
"""What folders of earlier epochs' networks begin with, in that of the last one."""


def checked_config(folder: Path) -> dict[str, Any]:
    """Return the config, if it and the weights are as they were written.

    Models of early versions have no hashes.
    """
    text = (folder / CONFIG_FILE).read_text(encoding="utf-8")
    early: dict[str, Any] = json.loads(text)
    if not isinstance(early, dict):
        raise ValueError(f"{CONFIG_FILE}: no object")
    if SEAL not in early and WEIGHTS_HASH not in early:
        return early
    config = unsealed(text)
    if file_sha256(folder / WEIGHTS_FILE) != config[WEIGHTS_HASH]:
        raise ValueError(f"{WEIGHTS_FILE}: its hash is not the one in {CONFIG_FILE}")
    return config


def contiguous_state(module: nn.Module) -> dict[str, Tensor]:
    """Return a module's weights and buffers as plain row-major tensors on the CPU."""
    return {name: value.detach().cpu().contiguous() for name, value in module.state_dict().items()}


def saved_state(module: nn.Module) -> dict[str, Tensor]:
    """Return a copy of what `contiguous_state` returns, which stays as it is in further steps."""
    return {name: value.clone() for name, value in contiguous_state(module).items()}


def merged_state(network: nn.Module, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights of a network whose encoder has low-rank matrices, added to them.

    Args:
        network: stays as it is.
        state: all of its weights, those matrices among them, now or at another time.
    """
    whole = copy.deepcopy(network)
    whole.load_state_dict(state)
    merge_low_rank(whole.get_submodule("encoder"))
    return contiguous_state(whole)
