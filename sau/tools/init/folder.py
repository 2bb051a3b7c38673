"""The images of a folder, as the dataset stage will see them."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd

from sau.core.silence import without_warnings
from sau.pipeline.dataset.load import load
from sau.pipeline.dataset.settings import DatasetSettings
from sau.sources.checks import counts_of, existing_folder
from sau.sources.parts import parts_of
from sau.sources.record import Listing
from sau.tools.init.looks import look_at

FEW_TEST_IMAGES = 200
"""Below so many a top-1 accuracy is known to 7 points at best (95 %, at 50 %): sqrt(n)/n."""


@dataclasses.dataclass(frozen=True)
class Folder:
    """A folder of images that has been looked at.

    Attributes:
        settings: that make the dataset stage read it.
        class_names: in label order.
        has_test: whether it has test images of its own.
        images: a row for each image: id, label, is_test, and the columns of `look_at`.
    """

    settings: DatasetSettings
    class_names: list[str]
    has_test: bool
    images: pd.DataFrame

    @property
    def has_folds(self) -> bool:
        """Whether the settings test on one part after the other."""
        return self.settings.test_split == "folds"

    @property
    def readable(self) -> pd.DataFrame:
        """The images that can be read."""
        return self.images[self.images.reason == ""]

    def counts(self, *, is_test: bool) -> list[int]:
        """Return the readable images of each class, of those that are tested on or the others."""
        labels = self.readable.label[self.readable.is_test == is_test]
        return [int(n) for n in np.bincount(labels, minlength=len(self.class_names))]


def look_at_folder(folder: Path, *, processes: int | None = None) -> Folder:
    """Find out how a folder is laid out, and look at all of its images.

    Args:
        folder: the folder.
        processes: that look; see `look_at`.

    Raises:
        UserError: no folder, or one that the dataset stage would refuse.
    """
    settings = _settings_of(existing_folder(folder, "FOLDER"))
    names, train, test = load(settings)
    has_test = bool(settings.test_part) or _has_test(folder)
    if not has_test and len(test) < FEW_TEST_IMAGES and _may_fold(train, test, names):
        settings = settings.replace(test_split="folds")
        with without_warnings():  # all that there is to warn of was said the first time
            names, train, test = load(settings)
    listings = (train, test)
    files = [p.path for each in listings for p in each.fetch(each.rows) if p.path is not None]
    images = pd.DataFrame(
        {
            "id": [name for each in listings for name in each.ids],
            "label": np.concatenate([each.labels for each in listings]),
            "is_test": np.repeat([False, True], [len(train), len(test)]),
        }
    )
    looks = look_at(files, processes=processes)
    return Folder(settings, names, has_test, pd.concat([images, looks], axis=1))


def _settings_of(folder: Path) -> DatasetSettings:
    """Return settings by which the dataset stage reads a folder; a share is for testing."""
    settings = DatasetSettings(source="image-folder", folder=str(folder), test_split="share")
    parts = parts_of(folder, "FOLDER")
    if parts is None or _has_test(folder):
        return settings
    train, test = (_inner(folder, part) for part in parts)
    return settings.replace(train_part=train, test_part=test)


def _has_test(folder: Path) -> bool:
    return (folder / "train").is_dir() and any((folder / p).is_dir() for p in ("test", "val"))


def _inner(folder: Path, part: str) -> str:
    """Return a part, or the one folder in it that has its name: some archives wrap each part."""
    inside = [path for path in (folder / part).iterdir() if path.is_dir()]
    return f"{part}/{part}" if [path.name for path in inside] == [part] else part


def _may_fold(train: Listing, test: Listing, names: list[str]) -> bool:
    """Return whether each class has two images, so that one may be tested and one trained on."""
    counts = counts_of(train, len(names)) + counts_of(test, len(names))
    return bool(counts.min() > 1)
