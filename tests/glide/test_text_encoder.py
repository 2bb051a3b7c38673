"""The text encoder against a slow one written out by hand, and against the authors' numbers."""

import json
import math

import pytest
import torch
from safetensors import safe_open
from torch import Tensor

from sau.glide.text_encoder import GlideTextEncoder
from tests.paths import SHARED

GOLDEN = SHARED / "golden" / "glide_small.safetensors"


def _layer_norm(row: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    centred = row - row.mean()
    return centred / torch.sqrt((centred**2).mean() + 1e-5) * weight + bias


def _attend(
    rows: list[Tensor], weights: dict[str, Tensor], prefix: str, heads: int
) -> list[Tensor]:
    packed = [
        weights[f"{prefix}.query_key_value.weight"] @ row
        + weights[f"{prefix}.query_key_value.bias"]
        for row in rows
    ]
    width = len(rows[0])
    size = width // heads
    mixed = [torch.zeros(width, dtype=row.dtype) for row in rows]
    for head in range(heads):
        part = slice(head * size, (head + 1) * size)
        queries, keys, values = (
            [row[kind * width : (kind + 1) * width][part] for row in packed] for kind in range(3)
        )
        for i, query in enumerate(queries):
            scores = torch.stack([query @ key for key in keys]) / math.sqrt(size)
            shares = torch.exp(scores - scores.max())
            shares = shares / shares.sum()
            mixed[i][part] = sum(share * value for share, value in zip(shares, values, strict=True))
    return [
        weights[f"{prefix}.output.weight"] @ row + weights[f"{prefix}.output.bias"] for row in mixed
    ]


def _slow_encoder(
    weights: dict[str, Tensor], ids: list[int], mask: list[bool], layers: int, heads: int
) -> Tensor:
    rows = [
        weights["token_embedding.weight"][token] + weights["positional_embedding"][slot]
        if mask[slot]
        else weights["padding_embedding"][slot]
        for slot, token in enumerate(ids)
    ]
    for number in range(layers):
        prefix = f"blocks.{number}"
        norm = (weights[f"{prefix}.attention_norm.{key}"] for key in ("weight", "bias"))
        weight, bias = norm
        normed = [_layer_norm(row, weight, bias) for row in rows]
        added = _attend(normed, weights, f"{prefix}.attention", heads)
        rows = [row + new for row, new in zip(rows, added, strict=True)]
        for slot, row in enumerate(rows):
            inner = _layer_norm(
                row,
                weights[f"{prefix}.feed_forward_norm.weight"],
                weights[f"{prefix}.feed_forward_norm.bias"],
            )
            inner = weights[f"{prefix}.feed_forward.0.weight"] @ inner
            inner = inner + weights[f"{prefix}.feed_forward.0.bias"]
            inner = inner * 0.5 * (1 + torch.erf(inner / math.sqrt(2)))
            inner = weights[f"{prefix}.feed_forward.2.weight"] @ inner
            rows[slot] = row + inner + weights[f"{prefix}.feed_forward.2.bias"]
    weight, bias = weights["final_norm.weight"], weights["final_norm.bias"]
    return torch.stack([_layer_norm(row, weight, bias) for row in rows])


@torch.no_grad()
def test_encoder_matches_a_slow_one(text_encoder: GlideTextEncoder) -> None:
    encoder = text_encoder.double()
    ids = torch.tensor([[5, 9, 200, 7, 1, 1, 1, 1, 1, 1, 1, 256]])
    mask = torch.tensor([[True, True, True, False] + [True] * 6 + [False] * 2])
    slow = _slow_encoder(encoder.state_dict(), ids[0].tolist(), mask[0].tolist(), 2, 4)
    torch.testing.assert_close(encoder(ids, mask)[0], slow, rtol=0, atol=1e-10)


@torch.no_grad()
def test_padding_replaces_token_and_position(text_encoder: GlideTextEncoder) -> None:
    ids = torch.arange(12)[None]
    mask = torch.tensor([[True] * 4 + [False] * 8])
    before = text_encoder(ids, mask)
    other = torch.where(mask, ids, 99)
    assert torch.equal(text_encoder(other, mask), before)
    text_encoder.positional_embedding[4:] = 7.0
    assert torch.equal(text_encoder(ids, mask), before)
    # No attention mask: the padding's own embedding does reach the text's slots.
    text_encoder.padding_embedding[4:, :16] += 1.0
    assert not torch.allclose(text_encoder(ids, mask)[:, :4], before[:, :4])


def test_pools_the_last_slot(text_encoder: GlideTextEncoder) -> None:
    hidden = torch.randn(2, 12, 32, generator=torch.Generator().manual_seed(0))
    assert torch.equal(text_encoder.pool(hidden), hidden[:, 11])


def test_length_of_another_context_is_refused(text_encoder: GlideTextEncoder) -> None:
    with pytest.raises(ValueError, match=r"must be \(B, 12\)"):
        text_encoder(torch.zeros(1, 5, dtype=torch.int64), torch.ones(1, 5, dtype=torch.bool))


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ValueError, match="among 5 heads"):
        GlideTextEncoder(10, 4, width=32, layers=1, heads=5)


def converted(original: dict[str, Tensor], layers: int, heads: int) -> dict[str, Tensor]:
    """The authors' names and packing ([head][q|k|v][channel]) as ours ([q|k|v][head][channel])."""
    weights = {
        "token_embedding.weight": original["token_embedding.weight"],
        "positional_embedding": original["positional_embedding"],
        "padding_embedding": original["padding_embedding"],
    }
    names = {
        "ln_1": "attention_norm",
        "attn.c_qkv": "attention.query_key_value",
        "attn.c_proj": "attention.output",
        "ln_2": "feed_forward_norm",
        "mlp.c_fc": "feed_forward.0",
        "mlp.c_proj": "feed_forward.2",
    }
    for kind in ("weight", "bias"):
        weights[f"final_norm.{kind}"] = original[f"final_ln.{kind}"]
        for layer in range(layers):
            for theirs, ours in names.items():
                value = original[f"transformer.resblocks.{layer}.{theirs}.{kind}"]
                if theirs == "attn.c_qkv":
                    split = value.unflatten(0, (heads, 3, -1)).transpose(0, 1)
                    value = split.reshape(value.shape)
                weights[f"blocks.{layer}.{ours}.{kind}"] = value
    return weights


@pytest.mark.skipif(not GOLDEN.exists(), reason="the authors' numbers are not here")
@torch.no_grad()
def test_encoder_matches_the_authors() -> None:
    with safe_open(GOLDEN, framework="pt") as file:
        settings = json.loads(file.metadata()["meta"])["base"]
        prefix = "base/weights/"
        names = [key for key in file.keys() if key.startswith(prefix)]  # noqa: SIM118
        original = {key.removeprefix(prefix): file.get_tensor(key).float() for key in names}
        ids, mask = file.get_tensor("base/tokens"), file.get_tensor("base/mask")
        expected = file.get_tensor("base/text_hidden")
    layers, heads, width = (settings[f"xf_{key}"] for key in ("layers", "heads", "width"))
    encoder = GlideTextEncoder(50257, settings["text_ctx"], width, layers, heads)
    encoder.load_state_dict(converted(original, layers, heads))
    torch.testing.assert_close(encoder(ids, mask), expected, rtol=0, atol=2e-5)
