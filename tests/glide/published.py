"""GLIDE as OpenAI lays it out, in small: random checkpoints, and slow networks that run on them.

Both are written from the description of the architecture (Nichol et al., "GLIDE"; Dhariwal and
Nichol 2021, "Diffusion Models Beat GANs"), by the published names, without our networks.
"""

import gzip
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from tokenizers import pre_tokenizers
from torch import Tensor
from torch.nn import functional

from sau.glide.architecture import Architecture

SMALL_BASE = Architecture(
    image_size=16,
    channels=(32, 64, 64),
    layers=1,
    attention=(False, True, True),
    beta_schedule="squaredcos_cap_v2",
    head_channels=16,
    text_width=32,
    text_layers=2,
    text_heads=4,
    context_length=12,
    vocabulary_size=259,
)
SMALL_UPSAMPLER = Architecture(
    image_size=16,
    channels=(32, 32, 64),
    layers=2,
    attention=(False, False, True),
    beta_schedule="linear",
    upsampler=True,
    head_channels=32,
    text_width=32,
    text_layers=1,
    text_heads=2,
    context_length=12,
    vocabulary_size=259,
)

Weights = Mapping[str, Tensor]
Resample = Callable[[Tensor], Tensor]


class Shapes(dict[str, tuple[int, ...]]):
    """Shapes of a checkpoint's parameters, layer by layer."""

    def layer(self, name: str, *shape: int) -> None:
        self[f"{name}.weight"] = shape
        self[f"{name}.bias"] = shape[:1]

    def residual(self, name: str, into: int, out: int, embedding: int) -> None:
        self.layer(f"{name}.in_layers.0", into)
        self.layer(f"{name}.in_layers.2", out, into, 3, 3)
        self.layer(f"{name}.emb_layers.1", 2 * out, embedding)
        self.layer(f"{name}.out_layers.0", out)
        self.layer(f"{name}.out_layers.3", out, out, 3, 3)
        if into != out:
            self.layer(f"{name}.skip_connection", out, into, 1, 1)

    def attention(self, name: str, channels: int, text_width: int) -> None:
        self.layer(f"{name}.norm", channels)
        self.layer(f"{name}.qkv", 3 * channels, channels, 1)
        self.layer(f"{name}.encoder_kv", 2 * channels, text_width, 1)
        self.layer(f"{name}.proj_out", channels, channels, 1)


def published_shapes(sizes: Architecture) -> Shapes:
    """The names and shapes in a checkpoint of these sizes."""
    shapes = Shapes()
    width, embedding = sizes.text_width, 4 * sizes.channels[0]
    shapes["token_embedding.weight"] = (sizes.vocabulary_size, width)
    shapes["positional_embedding"] = shapes["padding_embedding"] = (sizes.context_length, width)
    for number in range(sizes.text_layers):
        block = f"transformer.resblocks.{number}"
        shapes.layer(f"{block}.ln_1", width)
        shapes.layer(f"{block}.attn.c_qkv", 3 * width, width)
        shapes.layer(f"{block}.attn.c_proj", width, width)
        shapes.layer(f"{block}.ln_2", width)
        shapes.layer(f"{block}.mlp.c_fc", 4 * width, width)
        shapes.layer(f"{block}.mlp.c_proj", width, 4 * width)
    shapes.layer("final_ln", width)
    shapes.layer("transformer_proj", embedding, width)
    shapes.layer("time_embed.0", embedding, sizes.channels[0])
    shapes.layer("time_embed.2", embedding, embedding)
    now = sizes.channels[0]
    shapes.layer("input_blocks.0.0", now, 6 if sizes.upsampler else 3, 3, 3)
    skips, number = [now], 0
    for level, channels in enumerate(sizes.channels):
        for _ in range(sizes.layers):
            number += 1
            shapes.residual(f"input_blocks.{number}.0", now, channels, embedding)
            if sizes.attention[level]:
                shapes.attention(f"input_blocks.{number}.1", channels, width)
            now = channels
            skips.append(now)
        if level + 1 < len(sizes.channels):
            number += 1
            shapes.residual(f"input_blocks.{number}.0", now, now, embedding)
            skips.append(now)
    shapes.residual("middle_block.0", now, now, embedding)
    shapes.attention("middle_block.1", now, width)
    shapes.residual("middle_block.2", now, now, embedding)
    number = -1
    for level in reversed(range(len(sizes.channels))):
        channels = sizes.channels[level]
        for layer in range(sizes.layers + 1):
            number += 1
            block = f"output_blocks.{number}"
            shapes.residual(f"{block}.0", now + skips.pop(), channels, embedding)
            now = channels
            if sizes.attention[level]:
                shapes.attention(f"{block}.1", channels, width)
            if level > 0 and layer == sizes.layers:
                last = 2 if sizes.attention[level] else 1
                shapes.residual(f"{block}.{last}", now, now, embedding)
    shapes.layer("out.0", now)
    shapes.layer("out.2", 6, now, 3, 3)
    return shapes


def random_checkpoint(sizes: Architecture, seed: int = 0) -> dict[str, Tensor]:
    """A checkpoint of these sizes: no weight is zero, and signals neither vanish nor blow up."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, shape in published_shapes(sizes).items():
        drawn = torch.randn(shape, generator=generator)
        if len(shape) == 1:
            is_scale = name.endswith(".weight")
            state[name] = 0.1 * drawn + (1.0 if is_scale else 0.0)
        else:
            state[name] = drawn / math.sqrt(math.prod(shape[1:]))
    return state


def write_published(folder: Path) -> Path:
    """Make a folder with small `base.pt` and `upsample.pt`, and a vocabulary of two merges."""
    folder.mkdir()
    torch.save(random_checkpoint(SMALL_BASE, 1), folder / "base.pt")
    torch.save(random_checkpoint(SMALL_UPSAMPLER, 2), folder / "upsample.pt")
    tokens = [*sorted(pre_tokenizers.ByteLevel.alphabet()), "th", "the", "<|endoftext|>"]
    encoder = json.dumps({token: number for number, token in enumerate(tokens)})
    (folder / "encoder.json.gz").write_bytes(gzip.compress(encoder.encode(), mtime=0))
    (folder / "vocab.bpe").write_text("#version: 0.2\nt h\nth e\n", encoding="utf-8")
    return folder


def slow_text(weights: Weights, ids: Tensor, mask: Tensor, heads: int) -> Tensor:
    """Hidden states (B, T, width) of tokens (B, T)."""
    hidden = weights["token_embedding.weight"][ids] + weights["positional_embedding"]
    hidden = torch.where(mask[..., None], hidden, weights["padding_embedding"])
    number = 0
    while f"transformer.resblocks.{number}.ln_1.weight" in weights:
        block = f"transformer.resblocks.{number}"
        packed = _linear(weights, f"{block}.attn.c_qkv", _norm(weights, f"{block}.ln_1", hidden))
        size = hidden.shape[-1] // heads
        parts = []
        for head in range(heads):
            of_head = packed[..., 3 * size * head : 3 * size * (head + 1)]
            query, key, value = of_head.split(size, dim=-1)
            parts.append(_mixed(query, key, value))
        hidden = hidden + _linear(weights, f"{block}.attn.c_proj", torch.cat(parts, dim=-1))
        inner = _linear(weights, f"{block}.mlp.c_fc", _norm(weights, f"{block}.ln_2", hidden))
        inner = inner * 0.5 * (1 + torch.erf(inner / math.sqrt(2)))
        hidden = hidden + _linear(weights, f"{block}.mlp.c_proj", inner)
        number += 1
    return _norm(weights, "final_ln", hidden)


def slow_network(
    weights: Weights, sizes: Architecture, images: Tensor, steps: Tensor, hidden: Tensor
) -> Tensor:
    """Noise and variance (B, 6, H, W) of images (B, 3 or 6, H, W) at training steps (B,)."""
    embedding = _time_embedding(weights, steps, sizes.channels[0])
    embedding = embedding + _linear(weights, "transformer_proj", hidden[:, -1])

    def residual(name: str, now: Tensor, resample: Resample | None = None) -> Tensor:
        return _residual(weights, name, now, embedding, resample)

    def attention(name: str, now: Tensor) -> Tensor:
        if f"{name}.qkv.weight" not in weights:
            return now
        return _attention(weights, name, now, hidden, sizes.head_channels)

    now = _conv(weights, "input_blocks.0.0", images)
    skips, number = [now], 1
    while f"input_blocks.{number}.0.in_layers.0.weight" in weights:
        block = f"input_blocks.{number}"
        ends_level = number % (sizes.layers + 1) == 0
        now = attention(f"{block}.1", residual(f"{block}.0", now, _halve if ends_level else None))
        skips.append(now)
        number += 1
    now = residual("middle_block.2", attention("middle_block.1", residual("middle_block.0", now)))
    for number in range(len(skips)):
        block = f"output_blocks.{number}"
        now = attention(f"{block}.1", residual(f"{block}.0", torch.cat([now, skips.pop()], dim=1)))
        for last in (f"{block}.1", f"{block}.2"):
            if f"{last}.in_layers.0.weight" in weights:
                now = residual(last, now, _double)
    return _conv(weights, "out.2", functional.silu(_group_norm(weights, "out.0", now)))


def _time_embedding(weights: Weights, steps: Tensor, width: int) -> Tensor:
    half = width // 2
    rates = torch.tensor([10000 ** (-i / half) for i in range(half)], dtype=torch.float64)
    angles = steps[:, None].double() * rates
    waves = torch.cat([angles.cos(), angles.sin()], dim=1)
    inner = functional.silu(_linear(weights, "time_embed.0", waves))
    return _linear(weights, "time_embed.2", inner)


def _residual(
    weights: Weights,
    name: str,
    now: Tensor,
    embedding: Tensor,
    resample: Resample | None,
) -> Tensor:
    inner = functional.silu(_group_norm(weights, f"{name}.in_layers.0", now))
    if resample is not None:
        inner, now = resample(inner), resample(now)
    inner = _conv(weights, f"{name}.in_layers.2", inner)
    moved = _linear(weights, f"{name}.emb_layers.1", functional.silu(embedding))
    scale, shift = moved[..., None, None].chunk(2, dim=1)
    inner = _group_norm(weights, f"{name}.out_layers.0", inner) * (1 + scale) + shift
    inner = _conv(weights, f"{name}.out_layers.3", functional.silu(inner))
    if f"{name}.skip_connection.weight" in weights:
        now = _conv(weights, f"{name}.skip_connection", now)
    return now + inner


def _attention(weights: Weights, name: str, now: Tensor, text: Tensor, size: int) -> Tensor:
    pixels = _group_norm(weights, f"{name}.norm", now).flatten(2).transpose(1, 2)
    packed = _pointwise(weights, f"{name}.qkv", pixels)
    packed_text = _pointwise(weights, f"{name}.encoder_kv", text)
    parts = []
    for head in range(now.shape[1] // size):
        of_head = packed[..., 3 * size * head : 3 * size * (head + 1)]
        query, key, value = of_head.split(size, dim=-1)
        of_text = packed_text[..., 2 * size * head : 2 * size * (head + 1)]
        text_key, text_value = of_text.split(size, dim=-1)
        keys, values = torch.cat([text_key, key], dim=1), torch.cat([text_value, value], dim=1)
        parts.append(_mixed(query, keys, values))
    added = _pointwise(weights, f"{name}.proj_out", torch.cat(parts, dim=-1))
    return now + added.transpose(1, 2).reshape(now.shape)


def _mixed(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    scores = query @ key.transpose(1, 2) / math.sqrt(query.shape[-1])
    shares = torch.exp(scores - scores.amax(dim=-1, keepdim=True))
    return shares / shares.sum(dim=-1, keepdim=True) @ value


def _linear(weights: Weights, name: str, values: Tensor) -> Tensor:
    return values @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def _pointwise(weights: Weights, name: str, values: Tensor) -> Tensor:
    return values @ weights[f"{name}.weight"][..., 0].T + weights[f"{name}.bias"]


def _conv(weights: Weights, name: str, values: Tensor) -> Tensor:
    weight = weights[f"{name}.weight"]
    bias = weights[f"{name}.bias"]
    return functional.conv2d(values, weight, bias, padding=weight.shape[-1] // 2)


def _norm(weights: Weights, name: str, values: Tensor) -> Tensor:
    centred = values - values.mean(dim=-1, keepdim=True)
    scaled = centred / torch.sqrt((centred**2).mean(dim=-1, keepdim=True) + 1e-5)
    return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def _group_norm(weights: Weights, name: str, values: Tensor) -> Tensor:
    groups = values.reshape(len(values), 32, -1)
    centred = groups - groups.mean(dim=-1, keepdim=True)
    scaled = centred / torch.sqrt((centred**2).mean(dim=-1, keepdim=True) + 1e-5)
    weight, bias = (weights[f"{name}.{kind}"][:, None, None] for kind in ("weight", "bias"))
    return scaled.reshape(values.shape) * weight + bias


def _halve(values: Tensor) -> Tensor:
    return functional.avg_pool2d(values, 2)


def _double(values: Tensor) -> Tensor:
    return values.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
