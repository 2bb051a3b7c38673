"""Where the learning of a class stands: values, the optimizer's moments, and the step."""

import logging
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from sau.storage.files import atomic_path
from sau.storage.wrecks import put_aside

log = logging.getLogger(__name__)

_MOMENTS = ("exp_avg", "exp_avg_sq")
"""Of AdamW."""


def save(
    path: Path,
    values: Mapping[str, nn.Parameter],
    optimizer: torch.optim.AdamW,
    step: int,
) -> None:
    """Write a checkpoint, as a whole or not at all.

    Args:
        path: a safetensors file.
        values: what is learned.
        optimizer: of these alone.
        step: steps that are done, at least 1.
    """
    tensors: dict[str, Tensor] = {}
    for name, value in values.items():
        tensors[f"value {name}"] = value.detach()
        for moment in _MOMENTS:
            tensors[f"{moment} {name}"] = optimizer.state[value][moment]
    cpu = {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        save_file(cpu, temporary, metadata={"step": str(step)})


def restore(path: Path, values: Mapping[str, nn.Parameter], optimizer: torch.optim.AdamW) -> int:
    """Go on from a checkpoint, and return the steps that are done; 0 if there is none.

    One that is damaged is put aside.
    """
    if not path.is_file():
        return 0
    try:
        with safe_open(path, framework="pt") as file:
            step = int(file.metadata()["step"])
            found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        own = {name: {m: found[f"{m} {name}"] for m in ("value", *_MOMENTS)} for name in values}
    except Exception as error:  # whatever safetensors has against a damaged file
        log.warning("%s: %s; put aside as %s, starting afresh", path, error, put_aside(path).name)
        return 0
    for name, value in values.items():
        with torch.no_grad():
            value.copy_(own[name]["value"])
        moments = {moment: own[name][moment].to(value.device) for moment in _MOMENTS}
        optimizer.state[value] = {"step": torch.tensor(float(step)), **moments}
    return step
