"""A published checkpoint as our text encoder and image network."""

from collections.abc import Mapping, Set

import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import Tensor, nn

from sau.core.errors import UserError
from sau.glide.architecture import Architecture
from sau.glide.openai.key_map import text_sources, unet_sources
from sau.glide.openai.source import Source
from sau.glide.text_encoder import GlideTextEncoder

SHOWN = 3
"""How many keys a message names."""


def convert(
    state: Mapping[str, Tensor], architecture: Architecture, origin: str
) -> tuple[GlideTextEncoder, UNet2DConditionModel]:
    """Build the networks, in evaluation mode and float32, from a published state dict.

    Every key is used, and every parameter of the networks comes from one: nothing keeps a first
    value, and nothing is dropped.

    Args:
        state: tensors by their published names.
        architecture: the sizes that the checkpoint should have.
        origin: its path, for messages.

    Raises:
        UserError: keys that are missing or not known, by name; a shape or type that is not the
            expected one; a value that is not finite.
    """
    with torch.device("meta"):
        encoder, unet = architecture.text_encoder(), architecture.unet()
    modules: list[tuple[nn.Module, dict[str, Source]]] = [
        (encoder, text_sources(architecture)),
        (unet, unet_sources(architecture, unet.state_dict())),
    ]
    check(state, expected_shapes(modules), origin)
    for module, sources in modules:
        ours = {name: source.take(state[source.name]).float() for name, source in sources.items()}
        module.load_state_dict(ours, assign=True)
        module.requires_grad_(False).eval()
    return encoder, unet


def expected_shapes(
    modules: list[tuple[nn.Module, dict[str, Source]]],
) -> dict[str, tuple[int, ...]]:
    """Return the shape of every parameter that a checkpoint must have, by its published name."""
    expected: dict[str, tuple[int, ...]] = {}
    for module, sources in modules:
        shapes = {name: value.shape for name, value in module.state_dict().items()}
        assert shapes.keys() == sources.keys()
        for name, source in sources.items():
            shape = source.shape(shapes[name])
            assert expected.setdefault(source.name, shape) == shape
    return expected


def check(
    state: Mapping[str, Tensor], expected: Mapping[str, tuple[int, ...]], origin: str
) -> None:
    """Check that a checkpoint has exactly the expected parameters.

    Raises:
        UserError: it has not; the message names what is wrong.
    """
    missing, unknown = expected.keys() - state.keys(), state.keys() - expected.keys()
    if missing:
        raise UserError(
            f"{origin}: lacks {_some(missing)}; is it the checkpoint of another network?"
        )
    if unknown:
        raise UserError(
            f"{origin}: has {_some(unknown)}, for which this network has no place; "
            "is it the checkpoint of another one?"
        )
    for name, shape in expected.items():
        _check_tensor(name, state[name], shape, origin)


def _some(names: Set[str]) -> str:
    """Return the first few of some names, and how many more there are."""
    first = ", ".join(sorted(names)[:SHOWN])
    more = len(names) - SHOWN
    return f"{first} and {more} more keys" if more > 0 else first


def _check_tensor(name: str, tensor: Tensor, shape: tuple[int, ...], origin: str) -> None:
    if tuple(tensor.shape) != shape:
        raise UserError(
            f"{origin}: {name} has shape {tuple(tensor.shape)}, expected {shape}; "
            "is it the checkpoint of another network (upsampler for base, or in-painting)?"
        )
    if not tensor.is_floating_point():
        raise UserError(f"{origin}: {name} is {tensor.dtype}, expected floating-point numbers")
    if not torch.isfinite(tensor).all():
        raise UserError(f"{origin}: {name} holds values that are not finite; fetch the file again")
