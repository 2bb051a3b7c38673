"""A run that starts from a network which was trained before, on the same classes or on others."""

import dataclasses
import logging
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sau.core.errors import ArgumentError
from sau.networks import Network

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Start:
    """A trained network, in float32 on the CPU, and whose classes it knows.

    `name`: what messages call it; `places`: for each class of the run the place of the same one in
    the network's classifier, int (C,); None where the classes are others.
    """

    name: str
    network: Network
    places: Sequence[int] | None


@torch.no_grad()
def take_weights(network: Network, start: Start, *, own_size: bool) -> None:
    """Give a network the weights of another one as far as they fit, and log which were taken.

    The encoder's are always taken; classifier and projection head where both networks have the
    same kind, of the same shape, and the classifier only for the same classes.

    Args:
        network: on the CPU; changed in place.
        start: where the weights come from.
        own_size: whether the run says itself to what size images are brought at the entrance.

    Raises:
        ArgumentError: another backbone, or one that had images of another size.
    """
    _refuse_other_backbone(network, start, own_size=own_size)
    network.encoder.load_state_dict(start.network.encoder.state_dict())
    taken = ["backbone"]
    left: list[str] = []
    for name, module, theirs in (
        ("projection head", network.projection, start.network.projection),
        ("classifier", network.classifier, start.network.classifier),
    ):
        if module is None:
            continue
        state = None if theirs is None else theirs.state_dict()
        if state is not None and name == "classifier":
            state = _of_classes(network, start)
        fits = state is not None and _shapes(state) == _shapes(module.state_dict())
        (taken if fits else left).append(name)
        if state is not None and fits:
            module.load_state_dict(state)
    new = f"; new: {' and '.join(left)}" if left else ""
    log.info("start_from %s: took %s%s", start.name, " and ".join(taken), new)


def _of_classes(network: Network, start: Start) -> dict[str, Tensor] | None:
    """Return the classifier's weights in the order of the run's classes, if it has the same."""
    ours, theirs = network.config, start.network.config
    if start.places is None or ours.classifier != theirs.classifier:
        return None
    state = start.network.classifier.state_dict()
    return {name: value[list(start.places)] for name, value in state.items()}


def _refuse_other_backbone(network: Network, start: Start, *, own_size: bool) -> None:
    ours, theirs = network.config, start.network.config
    for key in ("backbone", "width"):
        mine, given = getattr(ours, key), getattr(theirs, key)
        if mine != given:
            raise ArgumentError(
                f"start_from: {start.name} has {key} {given}, but the run has {mine}; set {key} to "
                f"{given}, or choose another model"
            )
    if ours.input_size != theirs.input_size and not own_size:
        raise ArgumentError(
            f"start_from: {start.name} has images of {theirs.input_size or 'any'} pixels at its "
            f"entrance, but the run of {ours.input_size or 'any'}; set input_size to "
            f"{theirs.input_size or 'null'}"
        )
    if _shapes_of(network.encoder) != _shapes_of(start.network.encoder):
        raise ArgumentError(
            f"start_from: {start.name} was built for images of {theirs.input_size} pixels, whose "
            f"weights do not fit {ours.input_size}; set input_size to {theirs.input_size}"
        )


def _shapes_of(module: nn.Module) -> dict[str, torch.Size]:
    return _shapes(module.state_dict())


def _shapes(state: dict[str, Tensor]) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in state.items()}
