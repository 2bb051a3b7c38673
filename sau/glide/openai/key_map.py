"""Which published parameter each of ours comes from."""

from collections.abc import Iterator, Mapping

from sau.glide.architecture import Architecture
from sau.glide.openai.source import Source

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
