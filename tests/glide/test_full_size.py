"""The published sizes with random weights: conversion and one forward pass of each."""

import resource

import pytest
import torch

from sau.glide.architecture import BASE, UPSAMPLER, Architecture
from sau.glide.convert import convert
from tests.glide.published import random_checkpoint

LARGEST_BYTES = 8e9

SIDE = 64
"""Pixels; the upsampler's own 256 take ten times as long, through the same layers."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sizes", "parameters"), [(BASE, 385_030_726), (UPSAMPLER, 398_361_286)], ids=["base", "up"]
)
@torch.no_grad()
def test_published_sizes_convert_and_run(sizes: Architecture, parameters: int) -> None:
    encoder, unet = convert(random_checkpoint(sizes), sizes, "random")
    counted = sum(value.numel() for network in (encoder, unet) for value in network.parameters())
    assert counted == parameters
    ids = torch.full((1, sizes.context_length), 50256)
    hidden = encoder(ids, torch.arange(sizes.context_length)[None] < 9)
    channels = 6 if sizes.upsampler else 3
    images = torch.randn(1, channels, SIDE, SIDE)
    output = unet(images, 500, hidden, class_labels=hidden[:, -1]).sample
    assert output.shape == (1, 6, SIDE, SIDE)
    assert torch.isfinite(output).all()
    assert output.std() > 0.01
    # Kibibytes on Linux: the most that this process ever held.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 < LARGEST_BYTES
