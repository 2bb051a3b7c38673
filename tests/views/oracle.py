"""How the result of an operation is compared with torchvision's."""

import torch
from torch import Tensor

BLENDED = ("Color", "Contrast", "Sharpness")
"""Sums of products, which another processor may round once more or less than torchvision's."""


def assert_same(mine: Tensor, theirs: Tensor, name: str) -> None:
    """Both uint8 of one shape: equal; blended ones off by one in at most 1 value of 1,000."""
    if name not in BLENDED:
        assert torch.equal(mine, theirs), name
        return
    difference = (mine.int() - theirs.int()).abs()
    assert int(difference.max()) <= 1, name
    assert float((difference > 0).float().mean()) <= 0.001, name
