"""Samples as pictures, and pictures as samples."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from diffusers.pipelines.pipeline_utils import ImagePipelineOutput
from PIL import Image
from torch import Tensor

from sau.glide.arguments import OutputType


def output_of(samples: Tensor, output_type: OutputType, return_dict: bool) -> Any:
    """Return samples (N, C, H, W), about -1 to 1, as a pipeline's output; see `OutputType`."""
    images: Any = samples
    if output_type == "pil":
        images = [Image.fromarray(picture) for picture in to_bytes(samples)]
    elif output_type != "latent":
        images = (samples / 2 + 0.5).clamp(0, 1)
        if output_type == "np":
            images = images.permute(0, 2, 3, 1).cpu().numpy()
    return ImagePipelineOutput(images=images) if return_dict else (images,)


def to_bytes(images: Tensor) -> npt.NDArray[np.uint8]:
    """Images (N, C, H, W) in [-1, 1] as (N, H, W, C) uint8; values outside are clipped."""
    scaled = ((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    pixels: npt.NDArray[np.uint8] = scaled.permute(0, 2, 3, 1).cpu().numpy()
    return pixels


def from_bytes(pixels: npt.NDArray[np.uint8]) -> Tensor:
    """Pixels (N, H, W, C) uint8 as images (N, C, H, W) float32 in [-1, 1]."""
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2) / 127.5 - 1


def as_samples(image: Tensor | Image.Image | Sequence[Image.Image]) -> Tensor:
    """Pictures, which may be samples already, as samples (N, C, H, W), about -1 to 1."""
    if isinstance(image, Tensor):
        return image
    pictures = [image] if isinstance(image, Image.Image) else list(image)
    return from_bytes(np.stack([np.asarray(picture.convert("RGB")) for picture in pictures]))


def quantise(images: Tensor) -> Tensor:
    """Round images in [-1, 1] to the 256 values that bytes can hold, of the same type and shape."""
    return ((images.clamp(-1, 1) + 1) * 127.5).round() / 127.5 - 1
