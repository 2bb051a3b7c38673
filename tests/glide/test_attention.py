"""Attention by matrix products against PyTorch's and diffusers' own."""

import copy

import pytest
import torch
from diffusers.models.attention_processor import AttnAddedKVProcessor2_0, AttnProcessor2_0
from torch import Tensor
from torch.nn import functional

from sau.glide.attention import ProductAttention, attend, attend_by_products
from sau.glide.pipeline import GlidePipeline


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


def test_heads_attend_as_pytorch_says() -> None:
    query, key, value = drawn(6, 9, 16), drawn(6, 13, 16), drawn(6, 13, 17)[..., :16]
    expected = functional.scaled_dot_product_attention(query, key, value)
    assert torch.allclose(attend(query, key, value), expected, atol=1e-6)


@torch.no_grad()
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_network_computes_what_diffusers_computes(
    pipeline: GlidePipeline, layout: torch.memory_format
) -> None:
    network = copy.deepcopy(pipeline.unet)
    attend_by_products(network)
    network.to(memory_format=layout)
    assert all(type(own) is ProductAttention for own in network.attn_processors.values())
    texts = drawn(2, 12, 32)
    images = (drawn(2, 3, 8, 8), 500, texts)
    expected = pipeline.unet(*images, class_labels=texts[:, -1]).sample
    found = network(*images, class_labels=texts[:, -1]).sample
    assert torch.allclose(found, expected, atol=1e-5)


@torch.no_grad()
def test_bfloat16_is_no_further_from_float32_than_fused_attention(pipeline: GlidePipeline) -> None:
    texts, images = drawn(2, 12, 32), drawn(2, 3, 8, 8)
    exact = pipeline.unet(images, 500, texts, class_labels=texts[:, -1]).sample
    rounded = copy.deepcopy(pipeline.unet).bfloat16()
    inputs = (images.bfloat16(), 500, texts.bfloat16(), texts[:, -1].bfloat16())
    fused = rounded(*inputs).sample.float()
    attend_by_products(rounded)
    products = rounded(*inputs).sample.float()
    assert 0 < (products - exact).norm() < 2 * (fused - exact).norm()


def test_other_processors_stay(pipeline: GlidePipeline) -> None:
    names = list(pipeline.unet.attn_processors)
    mixed = {name: AttnAddedKVProcessor2_0() for name in names} | {names[0]: AttnProcessor2_0()}
    pipeline.unet.set_attn_processor(mixed)
    attend_by_products(pipeline.unet)
    kinds = [type(own) for own in pipeline.unet.attn_processors.values()]
    assert kinds == [AttnProcessor2_0] + [ProductAttention] * (len(names) - 1)


@pytest.mark.parametrize(
    "own", [{"norm_cross": torch.nn.LayerNorm(32)}, {"only_cross_attention": True}]
)
def test_layer_that_treats_the_text_otherwise_keeps_its_processor(
    pipeline: GlidePipeline, own: dict[str, object]
) -> None:
    first, *others = pipeline.unet.attn_processors
    layer = pipeline.unet.get_submodule(first.removesuffix(".processor"))
    for name, value in own.items():
        setattr(layer, name, value)
    attend_by_products(pipeline.unet)
    kinds = {name: type(one) for name, one in pipeline.unet.attn_processors.items()}
    assert kinds.pop(first) is AttnAddedKVProcessor2_0
    assert kinds == dict.fromkeys(others, ProductAttention)


def test_mask_is_refused(pipeline: GlidePipeline) -> None:
    attend_by_products(pipeline.unet)
    texts = drawn(1, 12, 32)
    mask = torch.ones(1, 12)
    with pytest.raises(ValueError, match="attention_mask"):
        pipeline.unet(
            drawn(1, 3, 8, 8),
            500,
            texts,
            class_labels=texts[:, -1],
            encoder_attention_mask=mask,
        )
