"""Converted networks against slow ones that run on the published layout itself."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from sau.glide.architecture import BASE, UPSAMPLER, Architecture
from sau.glide.convert import convert
from tests.glide.published import (
    SMALL_BASE,
    SMALL_UPSAMPLER,
    published_shapes,
    random_checkpoint,
    slow_network,
    slow_text,
)

State = dict[str, Tensor]


def tokens_of(sizes: Architecture) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    ids = torch.randint(sizes.vocabulary_size, (2, sizes.context_length), generator=generator)
    return ids, torch.arange(sizes.context_length) < torch.tensor([[5], [9]])


@pytest.mark.parametrize("sizes", [SMALL_BASE, SMALL_UPSAMPLER], ids=["base", "upsampler"])
@torch.no_grad()
def test_converted_networks_compute_what_the_published_ones_do(sizes: Architecture) -> None:
    state = random_checkpoint(sizes)
    encoder, unet = convert(state, sizes, "base.pt")
    double = {name: value.double() for name, value in state.items()}
    ids, mask = tokens_of(sizes)
    hidden = encoder.double()(ids, mask)
    slow_hidden = slow_text(double, ids, mask, sizes.text_heads)
    torch.testing.assert_close(hidden, slow_hidden, rtol=0, atol=1e-12)
    generator = torch.Generator().manual_seed(4)
    images = torch.randn(2, 6 if sizes.upsampler else 3, 16, 16, generator=generator).double()
    # Early steps: diffusers works out the angles of the time embedding in float32, in any network.
    steps = torch.tensor([2, 7])
    output = unet.double()(images, steps, hidden, class_labels=hidden[:, -1]).sample
    slow_output = slow_network(double, sizes, images, steps, slow_hidden)
    assert slow_output.abs().max() > 0.5
    torch.testing.assert_close(output, slow_output, rtol=0, atol=2e-6)


@pytest.mark.parametrize(
    ("sizes", "parameters"), [(BASE, 385_030_726), (UPSAMPLER, 398_361_286)], ids=["base", "up"]
)
def test_published_sizes_have_the_published_number_of_parameters(
    sizes: Architecture, parameters: int
) -> None:
    with torch.device("meta"):
        networks = sizes.text_encoder(), sizes.unet()
    counted = sum(value.numel() for network in networks for value in network.parameters())
    assert counted == parameters
    assert sum(math.prod(shape) for shape in published_shapes(sizes).values()) == parameters


def test_half_precision_checkpoints_become_float32() -> None:
    state = {name: value.half() for name, value in random_checkpoint(SMALL_BASE).items()}
    encoder, unet = convert(state, SMALL_BASE, "base.pt")
    assert {value.dtype for value in [*encoder.parameters(), *unet.parameters()]} == {torch.float32}
    assert torch.equal(unet.conv_out.bias, state["out.2.bias"].float())
    assert not unet.training


def _without(name: str) -> Callable[[State], object]:
    return lambda state: state.pop(name)


def _with(name: str, value: Tensor) -> Callable[[State], object]:
    return lambda state: state.update({name: value})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_without("out.2.bias"), "base.pt: lacks out.2.bias; is it the checkpoint of another"),
        (_with("ema.rate", torch.ones(1)), "base.pt: has ema.rate, for which this network has no"),
        (
            _with("out.2.bias", torch.ones(3)),
            r"base.pt: out.2.bias has shape \(3,\), expected \(6,\)",
        ),
        (_with("out.2.bias", torch.full((6,), torch.nan)), "out.2.bias holds values that are not"),
        (_with("out.2.bias", torch.ones(6).int()), "out.2.bias is torch.int32, expected float"),
        (
            _with("input_blocks.0.0.weight", torch.ones(32, 7, 3, 3)),
            r"input_blocks.0.0.weight has shape \(32, 7, 3, 3\), expected \(32, 3, 3, 3\)",
        ),
    ],
)
def test_checkpoints_that_do_not_fit_are_refused_by_name(
    change: Callable[[State], object], message: str
) -> None:
    state = random_checkpoint(SMALL_BASE)
    change(state)
    with pytest.raises(ValueError, match=message):
        convert(state, SMALL_BASE, "base.pt")


def test_upsampler_is_refused_as_the_base() -> None:
    with pytest.raises(ValueError, match="upsample.pt: lacks .* more keys; is it the checkpoint"):
        convert(random_checkpoint(SMALL_UPSAMPLER), SMALL_BASE, "upsample.pt")
