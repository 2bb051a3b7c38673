"""Where the learning of a class stands: values, the optimizer's moments, and the step."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from sau.pipeline.personalise.sealed_tensors import load_sealed, save_sealed

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
        tensors[f"value {name}"] = value
        for moment in _MOMENTS:
            tensors[f"{moment} {name}"] = optimizer.state[value][moment]
    save_sealed(path, tensors, step=step)


def restore(path: Path, values: Mapping[str, nn.Parameter], optimizer: torch.optim.AdamW) -> int:
    """Go on from a checkpoint, and return the steps that are done; 0 if there is none.

    One that is damaged is put aside.
    """
    loaded = load_sealed(path)
    if loaded is None:
        return 0
    found, facts = loaded
    step = int(facts["step"])
    for name, value in values.items():
        with torch.no_grad():
            value.copy_(found[f"value {name}"])
        moments = {moment: found[f"{moment} {name}"].to(value.device) for moment in _MOMENTS}
        optimizer.state[value] = {"step": torch.tensor(float(step)), **moments}
    return step
