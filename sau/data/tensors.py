"""Training, test and validation data from tensors or from a torch `Dataset`."""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from sau.core.errors import ArgumentError
from sau.data.images import PixelImages
from sau.data.sets import LabelledImages, TrainingData

TensorLike = Tensor | npt.NDArray[Any]
Pair = tuple[TensorLike, TensorLike | Sequence[int]]
"""Images and labels."""

Kind = TypeVar("Kind", bound=LabelledImages)


class Rows(NamedTuple):
    """Images as training takes them.

    `pixels`: uint8 (N, 3, H, W); `labels`: int64 (N,); `is_synthetic`: bool (N,), None where
    nothing is said of it.
    """

    pixels: Tensor
    labels: Tensor
    is_synthetic: Tensor | None = None


def rows_of(source: "Pair | Dataset[Any]", argument: str) -> Rows:
    """Read images and labels.

    Args:
        source: images with labels, or a `Dataset` of a fixed length whose items are (image, label)
            or (image, label, is_synthetic), each image a tensor (3, H, W) or one of Pillow's; all
            of it is read at once.
        argument: what the caller calls `source`, for messages.

    Raises:
        ArgumentError: shapes, dtypes or values that are none of those of `pixels_of`, or items of
            another form.
    """
    if isinstance(source, tuple):
        if len(source) != 2:
            raise ArgumentError(f"{argument}: a tuple of {len(source)}, expected images and labels")
        pixels = pixels_of(source[0], argument)
        return Rows(pixels, labels_of(source[1], len(pixels), argument))
    if not (hasattr(source, "__getitem__") and hasattr(source, "__len__")):
        raise ArgumentError(
            f"{argument}: {type(source).__name__}, expected images with labels or a torch Dataset "
            "that has a length"
        )
    items = [source[place] for place in range(len(source))]
    sizes = {len(item) if isinstance(item, tuple | list) else 1 for item in items}
    if len(sizes) != 1 or not sizes <= {2, 3}:
        raise ArgumentError(
            f"{argument}: items of {sorted(sizes)} parts, expected (image, label) or "
            "(image, label, is_synthetic)"
        )
    images = [_image_tensor(item[0]) for item in items]
    shapes = {tuple(image.shape) for image in images}
    if len(shapes) != 1:
        raise ArgumentError(f"{argument}: images of shapes {sorted(shapes)}, expected one shape")
    pixels = pixels_of(torch.stack(images), argument)
    labels = labels_of([int(item[1]) for item in items], len(pixels), argument)
    made = torch.tensor([bool(item[2]) for item in items]) if sizes == {3} else None
    return Rows(pixels, labels, made)


def pixels_of(images: TensorLike, argument: str) -> Tensor:
    """Return images as uint8 (N, 3, H, W), on the CPU.

    Args:
        images: uint8 (N, 3, H, W), 0 to 255; or float, 0 to 1, which is rounded to 8 bits. One
            channel is taken three times.
        argument: what the caller calls them.

    Raises:
        ArgumentError: another shape, dtype or range, or no image.
    """
    values = torch.as_tensor(images).detach().cpu()
    if values.dim() != 4 or values.shape[1] not in (1, 3) or 0 in values.shape:
        raise ArgumentError(f"{argument}: shape {tuple(values.shape)}, expected (N, 3, H, W)")
    if values.is_floating_point():
        low, high = float(values.min()), float(values.max())
        if not 0 <= low <= high <= 1:
            raise ArgumentError(
                f"{argument}: values from {low:g} to {high:g}, expected 0 to 1, or uint8; training "
                "normalises images itself"
            )
        values = values.mul(255).round().to(torch.uint8)
    if values.dtype != torch.uint8:
        raise ArgumentError(f"{argument}: dtype {values.dtype}, expected torch.uint8 or float")
    return values.expand(-1, 3, -1, -1).contiguous()


def labels_of(labels: TensorLike | Sequence[int], count: int, argument: str) -> Tensor:
    """Return the labels of `count` images as int64 (N,), on the CPU.

    Raises:
        ArgumentError: another number of labels, labels that are no integers, or one below 0.
    """
    values = torch.as_tensor(labels).detach().cpu()
    if values.shape != (count,):
        raise ArgumentError(
            f"{argument}: labels of shape {tuple(values.shape)}, expected ({count},)"
        )
    if values.is_floating_point() or values.is_complex() or values.dtype == torch.bool:
        raise ArgumentError(f"{argument}: labels of dtype {values.dtype}, expected integers")
    if int(values.min()) < 0:
        raise ArgumentError(f"{argument}: label {int(values.min())}, expected 0 or more")
    return values.to(torch.int64)


def training_data(
    rows: Rows,
    device: torch.device,
    *,
    scores: TensorLike | None = None,
    true_labels: TensorLike | None = None,
) -> TrainingData:
    """Return rows as training data on `device`, called by their places.

    Args:
        rows: the images; all are real where nothing is said of it.
        device: where all of it should be.
        scores: float (N,), of synthetic images; None: no image has one.
        true_labels: integers (N,), what the images truly show; None: nobody knows.

    Raises:
        ArgumentError: fewer than two images, or scores or true labels of another shape.
    """
    count = len(rows.labels)
    if count < 2:
        raise ArgumentError(f"images: {count} of them, expected at least 2")
    made = torch.zeros(count, dtype=torch.bool) if rows.is_synthetic is None else rows.is_synthetic
    values = torch.full((count,), torch.nan) if scores is None else torch.as_tensor(scores).float()
    if values.shape != (count,):
        raise ArgumentError(f"scores: shape {tuple(values.shape)}, expected ({count},)")
    ids = [str(place) for place in range(count)]
    true = None if true_labels is None else labels_of(true_labels, count, "true_labels")
    images = PixelImages(rows.pixels)
    return TrainingData(ids, images, rows.labels, made, values.cpu(), true).to(device)


def labelled_images(kind: type[Kind], rows: Rows, device: torch.device) -> Kind:
    """Return rows as test or validation data on `device`, called by their places."""
    ids = [str(place) for place in range(len(rows.labels))]
    return kind(ids, PixelImages(rows.pixels), rows.labels).to(device)


def _image_tensor(image: Any) -> Tensor:
    if isinstance(image, Image.Image):
        return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)
    return torch.as_tensor(image)
