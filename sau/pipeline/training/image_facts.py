"""What the dataset stage says of its training images."""

import dataclasses
from pathlib import Path

from sau.core.errors import UserError
from sau.storage.manifest import read_metadata
from sau.views import Normalisation


@dataclasses.dataclass(frozen=True)
class ImageFacts:
    """What the dataset stage says of its training images."""

    class_names: list[str]
    normalisation: Normalisation


def read_facts(train_images: Path) -> ImageFacts:
    """Read class names, mean and standard deviation from a manifest's provenance.

    Raises:
        UserError: one of them is missing, or a standard deviation is not above 0.
    """
    facts = read_metadata(train_images)["provenance"]
    missing = [key for key in ("class_names", "mean", "std") if key not in facts]
    if missing:
        raise UserError(
            f"{train_images}: its provenance lacks {', '.join(missing)}; "
            "training needs the manifest of the dataset stage: run that stage again"
        )
    if min(facts["std"]) <= 0:
        raise UserError(
            f"{train_images}: standard deviation {facts['std']}, expected three numbers above 0; "
            "a colour channel that never changes cannot be normalised"
        )
    normalisation = Normalisation(tuple(facts["mean"]), tuple(facts["std"]))
    return ImageFacts(list(facts["class_names"]), normalisation)
