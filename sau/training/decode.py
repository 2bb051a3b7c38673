"""Encoded images to one tensor."""

import io
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from sau.errors import UserError


def decode_images(encoded: Sequence[bytes], ids: Sequence[str], size_setting: str) -> Tensor:
    """Decode images of one size.

    Args:
        encoded: PNG, JPEG or any other format that Pillow reads; grey becomes three channels.
        ids: their ids, for messages.
        size_setting: the setting that makes sizes equal, for the message when they are not.

    Returns uint8 (N, 3, H, W), 0 to 255.

    Raises:
        UserError: an image that cannot be read, or one of another size than the first.
    """
    first = _decode(encoded[0], ids[0])
    images = np.empty((len(encoded), *first.shape), dtype=np.uint8)
    for place, (data, name) in enumerate(zip(encoded, ids, strict=True)):
        image = _decode(data, name)
        if image.shape != first.shape:
            raise UserError(
                f"image {name!r} is {_size(image)}, but {ids[0]!r} is {_size(first)}; "
                f"training needs one size: set {size_setting}"
            )
        images[place] = image
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()


def _decode(data: bytes, name: str) -> np.ndarray:
    try:
        with Image.open(io.BytesIO(data)) as image:
            return np.asarray(image.convert("RGB"))
    except (UnidentifiedImageError, OSError) as error:
        raise UserError(
            f"image {name!r} cannot be read ({error}); run the stage that made it again"
        ) from error


def _size(image: np.ndarray) -> str:
    return f"{image.shape[1]} x {image.shape[0]} pixels"
