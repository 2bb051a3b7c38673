"""A published checkpoint as our text encoder and image network, parameter by parameter."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import Tensor, nn

from sau.glide.architecture import Architecture
from sau.glide.text_encoder import GlideTextEncoder


@dataclass(frozen=True)
class Source:
    """Where a parameter of ours lies in a published checkpoint, and how it is laid out there.

    The published attention layers pack queries, keys and values into one parameter, as
    [head][query | key | value][channel]; ours have the part outermost.

    Attributes:
        name: in the checkpoint.
        parts: how many are packed together; 1 if none are.
        part: the one that we take; None takes all of them, the part outermost.
        heads: of the attention.
        kernel: whether it is a convolution of width one, (out, in, 1), and ours a matrix.
    """

    name: str
    parts: int = 1
    part: int | None = None
    heads: int = 1
    kernel: bool = False

    def shape(self, ours: Sequence[int]) -> tuple[int, ...]:
        """Return the shape of the published parameter, given that of ours."""
        repeats = 1 if self.part is None else self.parts
        return (ours[0] * repeats, *ours[1:], *((1,) if self.kernel else ()))

    def take(self, published: Tensor) -> Tensor:
        """Return our parameter; a view of the published one where nothing is packed."""
        matrix = published.squeeze(-1) if self.kernel else published
        if self.parts == 1:
            return matrix
        packed = matrix.reshape(self.heads, self.parts, -1, *matrix.shape[1:]).transpose(0, 1)
        if self.part is None:
            return packed.flatten(0, 2)
        return packed[self.part].flatten(0, 1)


KINDS = ("weight", "bias")

RESIDUAL = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
"""Layers of a residual block."""

PACKED = {
    "to_q": ("qkv", 3, 0),
    "to_k": ("qkv", 3, 1),
    "to_v": ("qkv", 3, 2),
    "add_k_proj": ("encoder_kv", 2, 0),
    "add_v_proj": ("encoder_kv", 2, 1),
}
"""Layers of an attention block that are packed: where, in how many parts, and which part."""

ENDS = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "class_embedding": "transformer_proj",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
"""Layers of the image network outside its blocks."""

TEXT_BLOCK = {
    "attention_norm": "ln_1",
    "attention.output": "attn.c_proj",
    "feed_forward_norm": "ln_2",
    "feed_forward.0": "mlp.c_fc",
    "feed_forward.2": "mlp.c_proj",
}
"""Layers of one block of the text encoder, but for the packed one."""


def text_sources(architecture: Architecture) -> dict[str, Source]:
    """Return the source of every parameter of the text encoder, by our names."""
    plain = ("token_embedding.weight", "positional_embedding", "padding_embedding")
    sources = {name: Source(name) for name in plain}
    for kind in KINDS:
        sources[f"final_norm.{kind}"] = Source(f"final_ln.{kind}")
        for layer in range(architecture.text_layers):
            ours, theirs = f"blocks.{layer}", f"transformer.resblocks.{layer}"
            for leaf, published in TEXT_BLOCK.items():
                sources[f"{ours}.{leaf}.{kind}"] = Source(f"{theirs}.{published}.{kind}")
            packed = Source(f"{theirs}.attn.c_qkv.{kind}", 3, None, architecture.text_heads)
            sources[f"{ours}.attention.query_key_value.{kind}"] = packed
    return sources


def unet_sources(architecture: Architecture, shapes: Mapping[str, object]) -> dict[str, Source]:
    """Return the source of every parameter of the image network, by our names.

    Args:
        architecture: its sizes.
        shapes: has our parameters' names as keys; they say where a block has a shortcut.
    """
    sources = {
        f"{ours}.{kind}": Source(f"{theirs}.{kind}")
        for ours, theirs in ENDS.items()
        for kind in KINDS
    }
    for ours, theirs, channels in _blocks(architecture):
        heads = channels // architecture.head_channels
        for kind in KINDS:
            if ".attentions." in ours:
                found = _attention(ours, theirs, kind, heads)
            else:
                found = {
                    f"{ours}.{leaf}.{kind}": Source(f"{theirs}.{published}.{kind}")
                    for leaf, published in RESIDUAL.items()
                    if f"{ours}.{leaf}.{kind}" in shapes
                }
            sources.update(found)
    return sources


def _attention(ours: str, theirs: str, kind: str, heads: int) -> dict[str, Source]:
    """Return the sources of one attention block's weights or biases."""
    kernel = kind == "weight"
    sources = {
        f"{ours}.group_norm.{kind}": Source(f"{theirs}.norm.{kind}"),
        f"{ours}.to_out.0.{kind}": Source(f"{theirs}.proj_out.{kind}", kernel=kernel),
    }
    for leaf, (published, parts, part) in PACKED.items():
        packed = Source(f"{theirs}.{published}.{kind}", parts, part, heads, kernel)
        sources[f"{ours}.{leaf}.{kind}"] = packed
    return sources


def _blocks(architecture: Architecture) -> Iterator[tuple[str, str, int]]:
    """Yield our name, the published name and the channels of every residual and attention block.

    Published blocks are numbered through all levels; a block's parts are 0, its residual block, 1,
    its attention if it has one, and last, on the way up, the residual block that resamples.
    """
    levels = range(len(architecture.channels))
    number = 1
    for level in levels:
        ours, channels = f"down_blocks.{level}", architecture.channels[level]
        for layer in range(architecture.layers):
            yield f"{ours}.resnets.{layer}", f"input_blocks.{number}.0", channels
            if architecture.attention[level]:
                yield f"{ours}.attentions.{layer}", f"input_blocks.{number}.1", channels
            number += 1
        if level < levels[-1]:
            yield f"{ours}.downsamplers.0", f"input_blocks.{number}.0", channels
            number += 1
    for ours, theirs in (("resnets.0", 0), ("attentions.0", 1), ("resnets.1", 2)):
        yield f"mid_block.{ours}", f"middle_block.{theirs}", architecture.channels[-1]
    number = 0
    for level in reversed(levels):
        ours, channels = f"up_blocks.{levels[-1] - level}", architecture.channels[level]
        attends = architecture.attention[level]
        for layer in range(architecture.layers + 1):
            yield f"{ours}.resnets.{layer}", f"output_blocks.{number}.0", channels
            if attends:
                yield f"{ours}.attentions.{layer}", f"output_blocks.{number}.1", channels
            if layer == architecture.layers and level > 0:
                last = 2 if attends else 1
                yield f"{ours}.upsamplers.0", f"output_blocks.{number}.{last}", channels
            number += 1


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
        ValueError: keys that are missing or not known, by name; a shape or type that is not the
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
        ValueError: it has not; the message names what is wrong.
    """
    missing, unknown = expected.keys() - state.keys(), state.keys() - expected.keys()
    if missing:
        raise ValueError(
            f"{origin}: lacks {_some(missing)}; is it the checkpoint of another network?"
        )
    if unknown:
        raise ValueError(
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
        raise ValueError(
            f"{origin}: {name} has shape {tuple(tensor.shape)}, expected {shape}; "
            "is it the checkpoint of another network (upsampler for base, or in-painting)?"
        )
    if not tensor.is_floating_point():
        raise ValueError(f"{origin}: {name} is {tensor.dtype}, expected floating-point numbers")
    if not torch.isfinite(tensor).all():
        raise ValueError(f"{origin}: {name} holds values that are not finite; fetch the file again")
