"""Weights that do not fit a network: what is wrong with them, in one line."""

from collections.abc import Collection, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from sau.core.errors import UserError

SHOWN = 3
"""How many weights a message names."""

_FIX = "fetch or copy the model again, or choose the one that its configuration describes"


def refuse_unfit(
    what: str,
    missing: Collection[str] = (),
    unexpected: Collection[str] = (),
    unlike: Collection[str] = (),
) -> None:
    """Refuse weights that are not those of a network, if any is named.

    Args:
        what: setting, file or folder and part, for the message.
        missing: names of weights that the network has and the file has not.
        unexpected: names of those that the file has and the network has not.
        unlike: what else is wrong, each with its name, such as shapes.

    Raises:
        UserError: any of them has an element.
    """
    for problem, names in (
        ("lacks the weights", missing),
        ("has weights for which the network has no place,", unexpected),
        ("has weights unlike the network's,", unlike),
    ):
        if names:
            raise UserError(f"{what} {problem} {some_of(names)}; {_FIX}")


def refuse_report(info: Mapping[str, Any], network: nn.Module, what: str) -> None:
    """Refuse a loaded network of diffusers or transformers if their report names a weight.

    Args:
        info: what `from_pretrained` returns with `output_loading_info`.
        network: that it returned with it.
        what: setting, folder and part, for the message.

    Raises:
        UserError: weights are missing, unexpected, of another shape, or not finite.
    """
    unlike = [str(one) for one in info["mismatched_keys"]]
    refuse_unfit(what, info["missing_keys"], info["unexpected_keys"], unlike)
    _refuse_not_finite(network.state_dict(), what)


def some_of(names: Collection[str]) -> str:
    """Return the first few of some names, in one line, and how many more there are."""
    more = len(names) - SHOWN
    first = ", ".join(sorted(names)[:SHOWN])
    return f"{first} and {more} more" if more > 0 else first


def refuse_unlike(state: Mapping[str, Tensor], network: nn.Module, what: str) -> None:
    """Refuse weights that are not those of a network: names, shapes, kinds of numbers, finite ones.

    Args:
        state: weights by their names.
        network: whose they should be.
        what: setting and file, for the message.

    Raises:
        UserError: they are not.
    """
    expected: dict[str, Tensor] = network.state_dict()
    unlike = [
        f"{name} {_kind(state[name])} instead of {_kind(own)}"
        for name, own in expected.items()
        if name in state and _kind(state[name]) != _kind(own)
    ]
    refuse_unfit(what, expected.keys() - state.keys(), state.keys() - expected.keys(), unlike)
    _refuse_not_finite(state, what)


def refuse_not_finite(network: nn.Module, what: str) -> None:
    """Refuse a network that holds weights which are infinite or no number.

    Args:
        network: loaded, on any device.
        what: setting, folder and part, for the message.

    Raises:
        UserError: it does.
    """
    _refuse_not_finite(network.state_dict(), what)


def _refuse_not_finite(state: Mapping[str, Tensor], what: str) -> None:
    bad = [name for name, weight in state.items() if not torch.isfinite(weight).all()]
    if bad:
        raise UserError(
            f"{what} has weights that are not finite, {some_of(bad)}; fetch or copy the model again"
        )


def _kind(weight: Tensor) -> str:
    """Return a weight's shape, and what kind of numbers it holds if these are not floating."""
    shape = " x ".join(map(str, weight.shape)) or "1 number"
    return shape if weight.is_floating_point() else f"{shape} {weight.dtype}"
