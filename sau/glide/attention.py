"""Attention of GLIDE's image networks in bfloat16 on a CPU, as matrix products of bfloat16."""

from typing import Any

import torch
from diffusers.models.attention_processor import AttnAddedKVProcessor2_0
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import Tensor


class ProductAttention(AttnAddedKVProcessor2_0):
    """Attention of pixels to a text and to each other, one head at a time.

    PyTorch's fused attention multiplies at the rate of float32 on a CPU, and diffusers' processor
    copies pixels that lie channels last. The scores of a head fit into the processor's cache.
    """

    def __call__(  # type: ignore[override]
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor,
        attention_mask: Tensor | None = None,
    ) -> Tensor:
        """Return the layer's output plus its input: (B, C, H, W) for (B, C, H, W).

        Args:
            attn: the layer.
            hidden_states: its input.
            encoder_hidden_states: the texts, (B, T, width).
            attention_mask: not supported.

        Raises:
            ValueError: a mask.
        """
        if attention_mask is not None:
            raise ValueError("attention_mask: ProductAttention has none")
        # Normed before they are put in a row, which lets pixels that lie channels last stay so.
        pixels = attn.group_norm(hidden_states).flatten(2).transpose(1, 2)
        projections = (attn.add_k_proj, attn.to_k), (attn.add_v_proj, attn.to_v)
        key, value = (
            _heads(torch.cat([of_text(encoder_hidden_states), of_pixels(pixels)], dim=1), attn)
            for of_text, of_pixels in projections
        )
        mixed = attend(_heads(attn.to_q(pixels), attn), key, value)
        merged: Tensor = attn.batch_to_head_dim(mixed)
        for layer in attn.to_out:
            merged = layer(merged)
        added: Tensor = merged.transpose(1, 2).reshape(hidden_states.shape) + hidden_states
        return added


def _heads(values: Tensor, attn: Any) -> Tensor:
    """Return values as (B heads, T, C / heads) for (B, T, C)."""
    heads: Tensor = attn.head_to_batch_dim(values, out_dim=3)
    return heads


def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Return scaled dot-product attention: (N, S, width) for S queries and T keys and values.

    Args:
        query: of N heads, (N, S, width).
        key, value: (N, T, width).
    """
    query = query * query.shape[-1] ** -0.5
    mixed = torch.empty_like(query)
    for head, keys in enumerate(key.transpose(1, 2)):
        # The softmax of bfloat16 sums in float32.
        shares = torch.mm(query[head], keys).softmax(dim=-1)
        torch.mm(shares, value[head], out=mixed[head])
    return mixed


def attend_by_products(network: UNet2DConditionModel) -> None:
    """Give `ProductAttention` to the layers that have diffusers' processor for it, in place.

    Layers that norm the text first, or attend to it alone, as DeepFloyd's may, keep theirs.
    """
    processors = dict(network.attn_processors)
    for name, processor in processors.items():
        layer: Any = network.get_submodule(name.removesuffix(".processor"))
        plain = not layer.norm_cross and not layer.only_cross_attention
        if type(processor) is AttnAddedKVProcessor2_0 and plain:
            processors[name] = ProductAttention()  # type: ignore[no-untyped-call]
    network.set_attn_processor(processors)
