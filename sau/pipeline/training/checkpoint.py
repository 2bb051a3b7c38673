"""Checkpoints of a run, at the end of an epoch or within one: small files, no pickle in them."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sau.engine.loop import Run, begin_epoch
from sau.engine.state import PartialEpoch, Predictions, RunState, Tally
from sau.networks.saved import contiguous_state
from sau.pipeline.training.more_epochs import why_not_here
from sau.storage.manifest.schemas import SELECTIONS
from sau.storage.part_index import NoPartsError, UnreadablePartsError, read_about
from sau.storage.parts import read_parts, write_parts
from sau.storage.wrecks import put_aside

logger = logging.getLogger(__name__)

OPTIMIZER, WITHIN = "optimizer", "within_epoch"
"""What names of tensors begin with: the optimizer's state, and what an epoch under way needs."""

BEST = "best"
"""Likewise: the weights of the epoch that the validation images have chosen so far."""

SNAPSHOT = "snapshot"
"""Likewise, before the number of its epoch: the weights of a network that is kept of it."""

UNKNOWN = -1
"""Stands in a tensor of counts for one that nobody knows."""

FIGURES = ("epoch", "top1", "validation_top1")
OF_IMAGES = ("predicted", "confidence", "label_probability")
OTHER = "checkpoint of other settings, data or code"
COUNTS = ("steps", "images", "names", "mixing")


def save_checkpoint(
    folder: Path,
    identity: str,
    run: Run,
    state: RunState,
    *,
    part_bytes: int | None = None,
    but_epochs: str = "",
) -> None:
    """Write weights, momentum and state, as a whole or not at all.

    Args:
        folder: where to; see `sau.storage.parts.write_parts`.
        identity: hash of all that the run depends on; only a run with the same may go on from it.
        run: its network, average and methods are saved.
        state: the rest.
        part_bytes: what no file reaches; None: no limit.
        but_epochs: the same hash but for the number of epochs.
    """
    tensors: dict[str, Tensor] = {}
    for name, module in run.modules().items():
        for key, value in contiguous_state(module).items():
            # Two names for one tensor are refused.
            tensors[f"{name}.{key}"] = value.clone()
    tensors |= {f"{BEST}.{name}": value.clone() for name, value in state.best_weights.items()}
    for epoch, weights in state.snapshots.items():
        tensors |= _named(f"{SNAPSHOT}.{epoch}", {k: v.clone() for k, v in weights.items()})
    phase = run.phase_of(state.current_epoch)
    for place, parameter in enumerate(phase.parameters()):
        kept = _named(f"{OPTIMIZER}.{place}", phase.optimizer.state.get(parameter, {}))
        tensors |= {name: _plain(value) for name, value in kept.items() if value is not None}
    about: dict[str, Any] = {
        "identity": identity,
        "but_epochs": but_epochs,
        "epoch": state.epoch,
        "epochs": run.settings.total_epochs(),
        "precision": str(run.network.precision).removeprefix("torch."),
        "history": state.history,
        "snapshots": list(state.snapshots),
    }
    tensors["label_correction"] = _tallies(state)
    for selection in SELECTIONS:
        predictions: Predictions | None = getattr(state, selection)
        if predictions is not None:
            about[selection] = {name: getattr(predictions, name) for name in FIGURES}
            for name in OF_IMAGES:
                tensors[f"{selection}.{name}"] = getattr(predictions, name).clone()
    if state.partial is not None:
        about["partial"] = {name: getattr(state.partial, name) for name in COUNTS}
        within = {"sums": state.partial.sums, **_named("method", phase.method.epoch_state())}
        tensors |= {name: _plain(value) for name, value in _named(WITHIN, within).items()}
    write_parts(folder, tensors, about, part_bytes)


def load_checkpoint(folder: Path, identity: str, run: Run, *, but_epochs: str = "") -> RunState:
    """Restore the run's modules and optimizer in place, and return the state saved with them.

    Without a checkpoint, or with one of another identity, they stay as they are and the state is
    that of a new run; the log says why. A damaged one is put aside. One of a run that differs in
    the number of epochs alone is gone on from where no epoch depends on that.
    """
    if not os.path.lexists(folder):
        return RunState()
    try:
        about = read_about(folder)
        if about.get("identity") != identity:
            differs = but_epochs == "" or about.get("but_epochs") != but_epochs
            obstacle = "" if differs else why_not_here(about, run.settings)
            if differs or obstacle:
                why = obstacle or _other_precision(about, run) or OTHER
                logger.warning("%s: %s; starting afresh", folder, why)
                return RunState()
        tensors = read_parts(folder)
    except UnreadablePartsError as error:
        if isinstance(error, NoPartsError) and folder.is_dir():  # killed before there was one
            logger.warning("%s: no whole checkpoint (%s); starting afresh", folder, error)
            return RunState()
        aside = put_aside(folder)
        logger.warning(
            "%s: no readable checkpoint (%s), put aside as %s; starting afresh",
            folder,
            error,
            aside.name,
        )
        return RunState()
    state = _state(about, tensors)
    _restore(run, state, tensors)
    logger.info("%s: going on after %s", folder, state.progress())
    return state


def _other_precision(about: Mapping[str, Any], run: Run) -> str:
    """Return why a run begins again whose `auto` was another precision elsewhere; else nothing."""
    before, now = about.get("precision"), str(run.network.precision).removeprefix("torch.")
    if run.settings.precision != "auto" or before in (None, now):
        return ""
    return (
        f"checkpoint in {before}, but training.precision auto is {now} on this machine; name one "
        "of them for runs that move"
    )


def _restore(run: Run, state: RunState, tensors: Mapping[str, Tensor]) -> None:
    epoch = state.current_epoch
    phase = run.phase_of(epoch)
    if state.partial is not None:
        # For all that depends on the epoch's number and on the data; the rest is overwritten.
        begin_epoch(run, phase, epoch)
    for name, module in run.modules().items():
        module.load_state_dict(_below(name, tensors))
    if state.partial is not None:
        phase.method.load_epoch_state(_below(f"{WITHIN}.method", tensors))
    for place, parameter in enumerate(phase.parameters()):
        saved = _below(f"{OPTIMIZER}.{place}", tensors)
        if saved:
            phase.optimizer.state[parameter] = {
                name: _like(parameter, value) for name, value in saved.items()
            }


def _state(about: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> RunState:
    kept = {
        selection: _predictions(about[selection], _below(selection, tensors))
        for selection in SELECTIONS
        if selection in about
    }
    partial = None
    if "partial" in about:
        partial = PartialEpoch(**about["partial"], sums=tensors[f"{WITHIN}.sums"])
    return RunState(
        epoch=about["epoch"],
        history=[(epoch, name, value) for epoch, name, value in about["history"]],
        label_correction=[_tally(row) for row in tensors["label_correction"].tolist()],
        best_weights=_below(BEST, tensors),
        partial=partial,
        snapshots={epoch: _below(f"{SNAPSHOT}.{epoch}", tensors) for epoch in about["snapshots"]},
        **kept,
    )


def _tallies(state: RunState) -> Tensor:
    """Return the rows of label correction, int64 (rows, 6)."""
    rows = [
        [UNKNOWN if value is None else value for value in row] for row in state.label_correction
    ]
    return torch.tensor(rows, dtype=torch.int64).reshape(-1, len(Tally._fields))


def _tally(row: Sequence[int]) -> Tally:
    *counts, wrong, found = row
    return Tally(*counts, *(None if value == UNKNOWN else value for value in (wrong, found)))


def _predictions(figures: Mapping[str, Any], of_images: Mapping[str, Any]) -> Predictions:
    return Predictions(**figures, **of_images)


def _like(parameter: Tensor, saved: Tensor) -> Tensor:
    """Return what an optimizer keeps of a parameter as if it had never been away."""
    if saved.shape != parameter.shape:  # such as the number of its steps
        return saved.to(parameter.device)
    # In the parameter's own memory order.
    return torch.empty_like(parameter, dtype=saved.dtype).copy_(saved).detach()


def _plain(tensor: Tensor) -> Tensor:
    """Return a copy on the CPU, row-major."""
    return tensor.detach().cpu().contiguous().clone()


def _named(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors whose names begin with the prefix and a point, without it."""
    start = f"{prefix}."
    return {k.removeprefix(start): v for k, v in tensors.items() if k.startswith(start)}
