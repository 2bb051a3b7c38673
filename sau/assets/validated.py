"""What a trained network gets right of its validation images, class by class."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sau.assets.model_files import check_model_folder
from sau.assets.trained_model import check_there, refuse_other_run
from sau.assets.trained_on import RealImages, check_trained_on
from sau.core.errors import UserError
from sau.networks.saved import CONFIG_FILE, WEIGHTS_HASH, checked_config

VALIDATION = "validation"
"""Entry of a model's config.json: images of each class, and how many of them are right."""

_COUNTS = ("images", "right")


class Validated(NamedTuple):
    """Of each class, of all networks together: validation images, and how many are right.

    `weights`: a SHA-256 of the weights of each network.
    """

    images: list[int]
    right: list[int]
    weights: list[str]


def read_validated(folders: Sequence[str], real: RealImages, key: str) -> Validated:
    """Read what networks say of their validation images, and add it up.

    Args:
        folders: that the training stage wrote, at least one.
        real: the images that the networks must have been trained on.
        key: the setting that names the folders, for messages.

    Raises:
        UserError: no such network, one of other classes or images, or without validation images.
    """
    found = [_read(Path(folder), real, key) for folder in folders]
    images, right = (_sums(config[VALIDATION][name] for config in found) for name in _COUNTS)
    return Validated(images, right, [str(config[WEIGHTS_HASH]) for config in found])


def _sums(counts: Iterable[Sequence[int]]) -> list[int]:
    """Return the sums over networks, class by class."""
    return [sum(of_class) for of_class in zip(*counts, strict=True)]


def _read(folder: Path, real: RealImages, key: str) -> dict[str, Any]:
    check_there(folder, key)
    check_model_folder(folder, key)
    where = f"{key}: {folder}"
    try:
        config = checked_config(folder)
    except ValueError as error:
        raise UserError(f"{where}: {CONFIG_FILE} is not as it was written ({error})") from error
    made = config.get("provenance", {})
    refuse_other_run(folder, made)
    check_trained_on(where, config.get("class_names", []), made, real)
    if VALIDATION not in config:
        if "provenance" in config and (folder.parent / CONFIG_FILE).is_file():
            raise UserError(
                f"{where}: it is of an earlier epoch, of which nobody counted what is right; name "
                f"the run's last network, {folder.parent}"
            )
        raise UserError(
            f"{where}: it was trained without validation images, so it does not say which classes "
            "are hard; train it with subset.validation_fraction above 0"
        )
    return config
