"""The images that `train` is given, checked, as a run reads them."""

from typing import Any

import torch
from torch.utils.data import Dataset

from sau.data.sets import TestData, ValidationData
from sau.data.statistics import PixelStatistics
from sau.data.tensors import (
    Pair,
    Rows,
    TensorLike,
    labelled_images,
    labels_of,
    pixels_of,
    rows_of,
    training_data,
)
from sau.engine.build import RunData
from sau.views import Normalisation

LabelledSource = Pair | Dataset[Any]
"""Images with their labels, or a `Dataset` of such pairs."""

Colour = tuple[float, float, float]
"""A number for each colour channel."""


def device_of(device: str | torch.device) -> torch.device:
    """Return a device that is there; ValueError if it is not."""
    try:
        found = torch.device(device)
    except RuntimeError as error:
        raise ValueError(f"device: {device!r}, expected cpu, cuda or cuda:N") from error
    if found.type not in ("cpu", "cuda"):
        raise ValueError(f"device: {found}, expected cpu, cuda or cuda:N")
    if found.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device: {found}, but PyTorch sees no GPU here; choose cpu")
    return found


def training_rows(
    images: TensorLike | Dataset[Any], labels: TensorLike | None, is_synthetic: TensorLike | None
) -> Rows:
    """Return the training images; the arguments are those of `train`.

    Raises:
        ValueError: labels that are missing or given twice, or another shape, dtype or range.
    """
    if isinstance(images, Dataset):
        if labels is not None:
            raise ValueError("labels: given with a Dataset, which has labels of its own")
        rows = rows_of(images, "images")
    elif labels is None:
        raise ValueError("labels: missing; give labels with images, or a torch Dataset as images")
    else:
        pixels = pixels_of(images, "images")
        rows = Rows(pixels, labels_of(labels, len(pixels), "labels"))
    if is_synthetic is None:
        return rows
    made = torch.as_tensor(is_synthetic).cpu()
    if made.dtype != torch.bool or made.shape != rows.labels.shape:
        raise ValueError(
            f"is_synthetic: {made.dtype} of shape {tuple(made.shape)}, expected torch.bool of "
            f"{tuple(rows.labels.shape)}"
        )
    return rows._replace(is_synthetic=made)


def run_data(
    rows: Rows,
    *,
    scores: TensorLike | None,
    true_labels: TensorLike | None,
    test: LabelledSource | None,
    validation: LabelledSource | None,
    classes: int | None,
    mean: Colour | None,
    std: Colour | None,
    device: torch.device,
) -> RunData:
    """Return all images of a training on one device; the arguments are those of `train`.

    Raises:
        ValueError: images of two sizes, a label that is no class, or no normalisation.
    """
    if validation is not None and test is None:
        raise ValueError("validation: it chooses among predictions of test images; give test too")
    others = {"test": test, "validation": validation}
    read = {name: rows_of(one, name) for name, one in others.items() if one is not None}
    for name, other in read.items():
        if other.pixels.shape[2:] != rows.pixels.shape[2:]:
            raise ValueError(
                f"{name}: images of {tuple(other.pixels.shape[2:])}, the training images have "
                f"{tuple(rows.pixels.shape[2:])} (height, width in pixels); resize them to one size"
            )
    count = int(rows.labels.max()) + 1 if classes is None else classes
    for name, labels in {"labels": rows.labels, **{n: o.labels for n, o in read.items()}}.items():
        if int(labels.max()) >= count:
            raise ValueError(
                f"{name}: label {int(labels.max())}, expected 0 to {count - 1}; classes is {count}"
            )
    return RunData(
        train=training_data(rows, device, scores=scores, true_labels=true_labels),
        test=labelled_images(TestData, read["test"], device) if "test" in read else None,
        validation=(
            labelled_images(ValidationData, read["validation"], device)
            if "validation" in read
            else None
        ),
        classes=count,
        normalisation=_normalisation(rows, mean, std),
    )


def _normalisation(rows: Rows, mean: Colour | None, std: Colour | None) -> Normalisation:
    if mean is None or std is None:
        statistics = PixelStatistics()
        statistics.add_pixels(rows.pixels.numpy())
        mean, std = mean or _colour(statistics.mean()), std or _colour(statistics.std())
    for name, values in {"mean": mean, "std": std}.items():
        if len(values) != 3:
            raise ValueError(f"{name}: {values}, expected three numbers")
    if min(std) <= 0:
        raise ValueError(
            f"std: {std}, expected three numbers above 0; a colour channel that never changes "
            "cannot be normalised, so give std"
        )
    return Normalisation(mean, std)


def _colour(values: list[float]) -> Colour:
    red, green, blue = values
    return red, green, blue
