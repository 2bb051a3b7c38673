"""A file of CLIP weights, however it was saved, into a model of open_clip's."""

from pathlib import Path
from typing import Any
from zipfile import is_zipfile

from open_clip.convert import convert_state_dict, load_big_vision_weights
from open_clip.model import convert_to_custom_text_state_dict
from torch import nn

from sau.core.errors import UserError
from sau.core.unloadable import loading
from sau.storage.lfs_pointer import refuse_pointer
from sau.storage.weights import refuse_not_finite, refuse_unlike
from sau.storage.weights_file import State, content_of, mappings_in

SCALE = "logit_scale"
"""A weight that each model has once: what stands before its name was put there by a wrapper."""

OWN_NAME = "state_dict"
"""Under which open_clip's training saves a model's weights, beside other things."""

NUMPY = (".npz", ".npy")
"""How names of Google's own SigLIP checkpoints end."""


def load_weights(model: nn.Module, path: Path, what: str) -> None:
    """Load all weights of a model from a file, which must have them and no others.

    Unlike open_clip's own loading this resizes no embedding and fills nothing up.

    Args:
        model: of open_clip's, on the CPU.
        path: safetensors, Google's NumPy archive, or a pickle of which tensors alone are read. The
            weights may lie in a mapping such as `state_dict` or `model`, with names that
            data-parallel training, compiling or Lightning put a prefix before.
        what: setting and model, and that it does not load, for the message.

    Raises:
        UserError: the file is damaged or asks for code, or its weights do not fit the model.
    """
    with loading(what):
        refuse_pointer(path, f"{what}: {path.name}")
        if path.suffix in NUMPY:
            if not is_zipfile(path):  # NumPy would advise to unpickle it
                raise ValueError(f"{path.name} is no archive of NumPy's")
            load_big_vision_weights(model, str(path))
            refuse_not_finite(model, f"{what}: {path.name}")
            return
        state = _as_ours(_weights_in(content_of(path), f"{what}: {path.name}"), model)
        refuse_unlike(state, model, f"{what}: {path.name}")
        model.load_state_dict(state)


def _weights_in(content: Any, what: str) -> State:
    """Return the one model's weights that a file holds, without what wrappers put before names."""
    found = dict(mappings_in(content))
    models = {name: state for name, state in found.items() if any(map(_is_scale, state))}
    if len(models) > 1:
        own = {name: state for name, state in models.items() if name == OWN_NAME}
        if not own:
            raise UserError(
                f"{what} holds the weights of several models ({', '.join(sorted(models))}); save "
                "those of one alone"
            )
        models = own
    if not found:
        raise UserError(
            f"{what} holds no weights, but {type(content).__name__}; expected a mapping of names "
            "to tensors"
        )
    state = next(iter(models.values()), None) or max(found.values(), key=len)
    prefixes = [name.removesuffix(SCALE) for name in state if _is_scale(name)]
    return {name.removeprefix(prefixes[0]) if prefixes else name: state[name] for name in state}


def _is_scale(name: str) -> bool:
    return name.rpartition(".")[2] == SCALE


def _as_ours(state: State, model: Any) -> State:
    """Return weights of other layouts that open_clip knows in that of the model."""
    state = convert_state_dict(model, state)
    if "positional_embedding" in state and not hasattr(model, "positional_embedding"):
        state = convert_to_custom_text_state_dict(state)
    expected = model.state_dict()
    for name in (SCALE, "logit_bias"):  # a number, or an array of one
        if name in state and name in expected and state[name].numel() == 1:
            state[name] = state[name].reshape(expected[name].shape)
    # Tables that a model makes itself, and that others once saved, such as position_ids.
    made = {name for name, _ in model.named_buffers()} - expected.keys()
    return {name: weight for name, weight in state.items() if name not in made}
