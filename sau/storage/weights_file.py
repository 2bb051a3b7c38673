"""A file of weights from outside, read without running what it may hold."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from sau.core.errors import UserError

State = dict[str, Tensor]

DEEPEST = 3
"""How many mappings weights may lie in."""

_PREFIXES = ("module.", "_orig_mod.")
"""What data-parallel training and compiling put before names."""

_MODELS = ("state_dict_ema", "model_ema", "state_dict", "model")
"""Under which names training scripts save a model, beside other things, the best first."""


def content_of(path: Path) -> Any:
    """Return what a file holds; of a pickle, tensors and plain values alone."""
    with path.open("rb") as file:
        # The length of the header, 8 bytes, and the header. Files of a cache have no suffix.
        is_safe = file.read(9)[8:] == b"{"
    if is_safe or path.suffix == ".safetensors":
        return load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)


def mappings_in(content: Any) -> Iterator[tuple[str, State]]:
    """Yield the mappings in what a file holds whose values are tensors, by their names."""
    yield from _mappings(content, "", DEEPEST)


def _mappings(content: Any, name: str, depth: int) -> Iterator[tuple[str, State]]:
    if not isinstance(content, Mapping) or depth < 0:
        return
    if content and all(isinstance(value, Tensor) for value in content.values()):
        yield name, {str(key): value for key, value in content.items()}
        return
    for key, value in content.items():
        yield from _mappings(value, f"{name}.{key}" if name else str(key), depth - 1)


def one_model(content: Any, what: str) -> State:
    """Return the one model's weights that a file holds, without what wrappers put before names.

    Args:
        content: of the file.
        what: setting and file, for the message.

    Raises:
        UserError: it holds no weights, or several models of which none is the one.
    """
    found = dict(mappings_in(content))
    names = [name for name in _MODELS if name in found] or list(found)
    if not names:
        raise UserError(f"{what} holds no weights; expected a mapping of names to tensors")
    if len(found) > 1 and names == list(found):
        raise UserError(
            f"{what} holds several models ({', '.join(sorted(found))}); save one of them alone"
        )
    state = found[names[0]]
    for prefix in _PREFIXES:
        if all(name.startswith(prefix) for name in state):
            state = {name.removeprefix(prefix): value for name, value in state.items()}
    return state
