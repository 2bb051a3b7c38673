"""Checkpoints at the end of an epoch: one safetensors file, no pickle in it."""

import dataclasses
import json
import logging
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from sau.files import write_bytes
from sau.training.models import Network
from sau.training.models.network import contiguous_state
from sau.training.state import Predictions, RunState

logger = logging.getLogger(__name__)

WEIGHT, MOMENTUM = "weight.", "momentum."
SELECTIONS = ("last", "best")


def save_checkpoint(
    path: Path, identity: str, network: Network, optimizer: torch.optim.Optimizer, state: RunState
) -> None:
    """Write weights, momentum and state, atomically.

    Args:
        path: where to; `.safetensors`.
        identity: hash of all that the run depends on; only a run with the same may go on from it.
        network: its weights and BatchNorm statistics are saved.
        optimizer: SGD of the network's parameters.
        state: the rest.
    """
    tensors = {WEIGHT + name: value for name, value in contiguous_state(network).items()}
    for name, parameter in network.named_parameters():
        buffer = optimizer.state[parameter].get("momentum_buffer")
        if buffer is not None:
            tensors[MOMENTUM + name] = buffer.detach().cpu().contiguous()
    run: dict[str, Any] = {
        "epoch": state.epoch,
        "history": state.history,
        "label_correction": state.label_correction,
    }
    for selection in SELECTIONS:
        predictions: Predictions | None = getattr(state, selection)
        if predictions is not None:
            run[selection] = {"epoch": predictions.epoch, "top1": predictions.top1}
            # Two names for one tensor are refused: last and best may be the same.
            tensors[f"{selection}.predicted"] = predictions.predicted.clone()
            tensors[f"{selection}.confidence"] = predictions.confidence.clone()
    write_bytes(path, save(tensors, metadata={"identity": identity, "run": json.dumps(run)}))


def load_checkpoint(
    path: Path, identity: str, network: Network, optimizer: torch.optim.Optimizer
) -> RunState:
    """Restore network and optimizer in place, and return the state that was saved with them.

    Without a checkpoint, or with one of another identity, both stay as they are and the state is
    that of a new run; the log says why.
    """
    if not path.exists():
        return RunState()
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        logger.warning("%s: no readable checkpoint (%s); starting afresh", path, error)
        return RunState()
    if metadata.get("identity") != identity:
        logger.warning("%s: checkpoint of other settings, data or code; starting afresh", path)
        return RunState()
    _restore(network, optimizer, tensors)
    state = _state(json.loads(metadata["run"]), tensors)
    logger.info("%s: going on after epoch %d", path, state.epoch)
    return state


def _restore(
    network: Network, optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]
) -> None:
    weights = {
        name.removeprefix(WEIGHT): value
        for name, value in tensors.items()
        if name.startswith(WEIGHT)
    }
    network.load_state_dict(weights)
    for name, parameter in network.named_parameters():
        if MOMENTUM + name in tensors:
            # In the parameter's own memory order, as if it had never been away.
            buffer = torch.empty_like(parameter).copy_(tensors[MOMENTUM + name])
            optimizer.state[parameter]["momentum_buffer"] = buffer.detach()


def _state(run: dict[str, Any], tensors: dict[str, Tensor]) -> RunState:
    kept = {
        selection: Predictions(
            run[selection]["epoch"],
            run[selection]["top1"],
            tensors[f"{selection}.predicted"],
            tensors[f"{selection}.confidence"],
        )
        for selection in SELECTIONS
        if selection in run
    }
    state = RunState(epoch=run["epoch"], last=kept.get("last"), best=kept.get("best"))
    return dataclasses.replace(
        state,
        history=[(epoch, name, value) for epoch, name, value in run["history"]],
        label_correction=[(e, c, s, n) for e, c, s, n in run["label_correction"]],
    )
