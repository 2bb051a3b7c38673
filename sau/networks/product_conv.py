"""A 3 x 3 convolution whose weight gradient is products of matrices, where that is quicker."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

ROWS = 5000
"""Pixels of some images whose products are taken at once: their rows fit into a core's cache."""

SMALL_MAP, LARGE_MAP, MANY_CHANNELS = 16, 64, 256
"""Pixels of a map that is quicker for any number of channels, and for so many channels at least."""


class ProductConv2d(nn.Conv2d):
    """A 3 x 3 convolution with padding 1 and no bias; its weights and outputs are `nn.Conv2d`'s.

    oneDNN computes the weight gradient of small maps with many channels at a tenth to a third of a
    matrix unit's rate. Here it is three products of matrices, on a CPU with a matrix unit, in
    bfloat16, in training; elsewhere it is that of `nn.Conv2d`.

    Args:
        inputs: channels before.
        outputs: channels after.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, padding=1, bias=False)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Map (B, inputs, H, W) to (B, outputs, H, W)."""
        learns = self.training and torch.is_grad_enabled() and not torch.compiler.is_compiling()
        if not (learns and uses_matrix_unit(input) and is_quicker(input.shape)):
            return super().forward(input)
        output: Tensor = _Convolve.apply(input.bfloat16(), self.weight.bfloat16())
        return output


def uses_matrix_unit(values: Tensor) -> bool:
    """Return whether a CPU's matrix unit (AMX) convolves values, in bfloat16."""
    if values.device.type != "cpu" or not torch.cpu.get_capabilities().get("amx_bf16"):
        return False
    autocast = torch.is_autocast_enabled("cpu")
    dtype = torch.get_autocast_dtype("cpu") if autocast else values.dtype
    return dtype == torch.bfloat16


def is_quicker(shape: torch.Size) -> bool:
    """Return whether products of matrices are quicker for inputs (B, C, H, W), as measured."""
    _, channels, height, width = shape
    pixels = height * width
    return pixels <= SMALL_MAP or (pixels <= LARGE_MAP and channels >= MANY_CHANNELS)


class _Convolve(torch.autograd.Function):
    """`F.conv2d` with padding 1, and the gradient by the weights by `weight_gradient`."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(images, weight)
        return F.conv2d(images, weight, padding=1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None]:
        images, weight = ctx.saved_tensors
        (gradient,) = gradients
        by_images = by_weight = None
        if ctx.needs_input_grad[0]:
            by_images = by_images_alone(images, weight, gradient)
        if ctx.needs_input_grad[1]:
            by_weight = weight_gradient(images, gradient).to(weight.dtype)
        return by_images, by_weight


def by_images_alone(images: Tensor, weight: Tensor, gradient: Tensor) -> Tensor:
    """Return the gradient by the inputs as PyTorch computes it, in the layout of the inputs."""
    sides = [1, 1]
    found = torch.ops.aten.convolution_backward(
        *(gradient, images, weight, None, sides, sides, sides, False, [0, 0], 1),
        [True, False, False],
    )
    by_images: Tensor = found[0]
    return by_images


def weight_gradient(images: Tensor, gradient: Tensor) -> Tensor:
    """Return the gradient of a loss by the weights of a 3 x 3 convolution with padding 1.

    With X(i, j) the pixels of all images, moved by i - 1 rows and j - 1 columns and 0 beyond the
    edge, and G the gradient, both of one row for each pixel, dL/dw(i, j) = G' X(i, j). The three j
    of an i stand beside each other in one matrix; the three i are views of it, as the rows of a map
    come first in memory. Sums over images are float32.

    Args:
        images: inputs of the convolution (B, C, H, W), bfloat16 or float32.
        gradient: of the loss by its outputs (B, K, H, W), the same type.

    Returns float32 (K, C, 3, 3).
    """
    count, inputs, height, width = images.shape
    outputs = gradient.shape[1]
    some = max(1, min(count, ROWS // (height * width)))
    total = images.new_zeros(3, 3 * inputs, outputs, dtype=torch.float32)
    beside = images.new_zeros(height + 2, some, width, 3, inputs)
    behind = gradient.new_empty(height, some, width, outputs)
    # (H, B, W, C): a slice of the first axis is one block of memory.
    images, gradient = images.permute(2, 0, 3, 1), gradient.permute(2, 0, 3, 1)
    for first in range(0, count, some):
        here = slice(first, first + some)
        size = len(range(count)[here])
        inner, outer = beside[1:-1, :size], images[:, here]
        inner[:, :, 1:, 0] = outer[:, :, :-1]
        inner[:, :, :, 1] = outer
        inner[:, :, :-1, 2] = outer[:, :, 1:]
        behind[:, :size] = gradient[:, here]
        of_pixels = behind[:, :size].reshape(-1, outputs)
        for row in range(3):
            moved = beside[row : row + height, :size].reshape(-1, 3 * inputs)
            total[row] += moved.T @ of_pixels
    return total.view(3, 3, inputs, outputs).permute(3, 2, 0, 1)
