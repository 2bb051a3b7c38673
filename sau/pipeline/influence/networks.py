"""The networks that are asked: those of runs, and of earlier epochs of these."""

from collections.abc import Sequence
from pathlib import Path

from sau.assets.trained_model import TrainedModel
from sau.assets.trained_on import RealImages, check_trained_on
from sau.core.errors import UserError
from sau.networks.saved import OF_EPOCH

KEY = "--models"


def networks_of(models: Sequence[Path], validation: str, real: RealImages) -> list[TrainedModel]:
    """Load the networks of runs: the last one of each, and those of earlier epochs in its folder.

    Args:
        models: folders that the training stage wrote, at least one.
        validation: hash of the validation images, which the runs must have held out.
        real: the training images of the runs.

    Raises:
        UserError: no such network, one that may know the test or the validation images, or networks
            that take images of different sizes.
    """
    found = []
    for folder in models:
        last = TrainedModel.load(folder, KEY)
        where = f"{KEY}: {folder}"
        check_trained_on(where, last.class_names, last.provenance, real)
        if validation not in last.provenance["inputs"].get("validation", []):
            raise UserError(
                f"{where}: its run held other images out, or none, so it may have been trained on "
                "the validation images; give those of its own data seed"
            )
        earlier = sorted(folder.glob(f"{OF_EPOCH}*"), key=_epoch_of)
        found += [*(TrainedModel.load(each, KEY) for each in earlier), last]
    sizes = sorted({(*each.preprocessing.size,) for each in found})
    if len(sizes) > 1:
        wanted = " and ".join(f"{height} x {width}" for height, width in sizes)
        raise UserError(f"{KEY}: they take images of {wanted} pixels; give the networks of one row")
    return found


def _epoch_of(folder: Path) -> int:
    return int(folder.name.removeprefix(OF_EPOCH))
