"""What is wrong with single real images, by cleanvision: dark, blurred, empty, there twice."""

import importlib.util
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING

from sau.core.errors import UserError
from sau.tools.quality.samples import Sample

if TYPE_CHECKING:
    from cleanvision import Imagelab

SINGLE = {
    "dark": "Dark",
    "light": "Light",
    "blurry": "Blurred",
    "low_information": "Nearly empty",
    "grayscale": "Without colour",
    "odd_aspect_ratio": "Long and narrow",
    "odd_size": "Of an odd size",
}
"""What cleanvision looks for in each image, and what the page calls it."""

COPIES = {
    "exact_duplicates": ("Same as another", "Same as a test image"),
    "near_duplicates": ("Nearly another", "Nearly a test image"),
}
"""What it looks for between images, and what the page calls it among training images and across."""

INSTALL = "pip install 'sau-longtail[quality]'"


@dataclass(frozen=True)
class Fault:
    """Images of which one thing is wrong: what the page calls it, and their ids, by class."""

    name: str
    ids: Sequence[str]


def can_look() -> bool:
    """Return whether cleanvision is installed."""
    try:
        return importlib.util.find_spec("cleanvision") is not None
    except ValueError:  # it is kept from being imported
        return False


def faults_of(train: Sample, test: Sample) -> list[Fault]:
    """Return what is wrong with training images, an entry for each kind, also where nothing is.

    Thresholds are cleanvision's own. The images are looked at as they are stored, on the disk. Of
    test images copies among the training images are looked for, and nothing else.

    Args:
        train: the training images.
        test: the test images.

    Raises:
        UserError: cleanvision is not installed, or an image is not there.
    """
    if not can_look():
        raise UserError(f"--faults: cleanvision is not installed: {INSTALL}")
    with tempfile.TemporaryDirectory() as folder, redirect_stderr(StringIO()):
        of_train = _written(train, Path(folder) / "train")
        of_test = _written(test, Path(folder) / "test")
        names = dict(zip(of_train, train.ids, strict=True))
        return [*_single(of_train, train.ids), *_copies(names, of_test)]


def _single(paths: list[str], ids: Sequence[str]) -> list[Fault]:
    """Return what is wrong with images by themselves; `paths` are their files by `ids`."""
    found = _looked(paths, SINGLE).issues.loc[paths]  # in the order of the ids
    marks = {name: found[f"is_{kind}_issue"] for kind, name in SINGLE.items()}
    return [Fault(name, list(compress(ids, bad))) for name, bad in marks.items()]


def _copies(names: Mapping[str, str], of_test: list[str]) -> list[Fault]:
    """Return which training images are there twice, and which are test images.

    Args:
        names: ids of the training images by their files.
        of_test: files of the test images.
    """
    info = _looked([*names, *of_test], COPIES).info
    found = []
    for kind, (among, across) in COPIES.items():
        inside, crossing = set(), set()
        for same in info[kind]["sets"]:
            of_train = [path for path in same if path in names]
            if len(of_train) > 1:
                inside.update(of_train)
            if len(of_train) < len(same):
                crossing.update(of_train)
        for name, paths in ((among, inside), (across, crossing)):
            found.append(Fault(name, [one for path, one in names.items() if path in paths]))
    return found


def _looked(paths: list[str], kinds: Iterable[str]) -> "Imagelab":
    """Return cleanvision's word on files."""
    from cleanvision import Imagelab

    lab = Imagelab(filepaths=paths, verbose=False)
    lab.find_issues({kind: {} for kind in kinds}, n_jobs=1, verbose=False)
    return lab


def _written(sample: Sample, folder: Path) -> list[str]:
    """Write images as files, as cleanvision wants them; return their paths by the sample's ids."""
    folder.mkdir()
    places = {name: place for place, name in enumerate(sample.ids)}
    paths = [str(folder / f"{place:08d}") for place in range(len(sample.ids))]
    for name, data in sample.encoded():
        Path(paths[places[name]]).write_bytes(data)
    return paths
