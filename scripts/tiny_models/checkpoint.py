"""Checkpoints of a training run in one safetensors file, replaced as a whole."""

from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

MOMENTS = ("exp_avg", "exp_avg_sq", "step")


def save_checkpoint(
    path: Path, step: int, models: dict[str, nn.Module], optimizer: torch.optim.Optimizer
) -> None:
    """Write the models' weights, the optimizer's moments and the number of steps done."""
    tensors: dict[str, Tensor] = {"step": torch.tensor(step)}
    for name, model in models.items():
        for key, value in model.state_dict().items():
            tensors[f"{name}/{key}"] = value.detach().contiguous().clone()
    for number, parameter in enumerate(_parameters(optimizer)):
        for key in MOMENTS:
            tensors[f"optimizer/{number}/{key}"] = optimizer.state[parameter][key].clone()
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    save_file(tensors, partial)
    partial.replace(path)


def load_checkpoint(
    path: Path, models: dict[str, nn.Module], optimizer: torch.optim.Optimizer
) -> int:
    """Restore what `save_checkpoint` wrote and return the steps done; 0 if there is no file."""
    if not path.exists():
        return 0
    with safe_open(path, framework="pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    for name, model in models.items():
        model.load_state_dict({key: tensors[f"{name}/{key}"] for key in model.state_dict()})
    for number, parameter in enumerate(_parameters(optimizer)):
        moments = {key: tensors[f"optimizer/{number}/{key}"] for key in MOMENTS}
        optimizer.state[parameter] = moments
    return int(tensors["step"])


def _parameters(optimizer: torch.optim.Optimizer) -> list[nn.Parameter]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]
