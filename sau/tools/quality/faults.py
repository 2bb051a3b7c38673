"""What is wrong with single real images, by cleanvision: dark, blurred, empty, there twice."""

import importlib.util
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO
from itertools import compress
from pathlib import Path

from sau.core.errors import UserError
from sau.tools.quality.samples import Sample

KINDS = {
    "dark": "Dark",
    "light": "Light",
    "blurry": "Blurred",
    "low_information": "Nearly empty",
    "grayscale": "Without colour",
    "odd_aspect_ratio": "Long and narrow",
    "odd_size": "Of an odd size",
    "exact_duplicates": "Same as another",
    "near_duplicates": "Nearly another",
}
"""What cleanvision calls what it looks for, and what the page calls it."""

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


def faults_of(sample: Sample) -> list[Fault]:
    """Return what is wrong with images, one entry for each of `KINDS`, also where nothing is.

    Thresholds are cleanvision's own. The images are looked at as they are stored, on the disk.

    Args:
        sample: the images.

    Raises:
        UserError: cleanvision is not installed, or an image is not there.
    """
    if not can_look():
        raise UserError(f"--faults: cleanvision is not installed: {INSTALL}")
    from cleanvision import Imagelab

    with tempfile.TemporaryDirectory() as folder, redirect_stderr(StringIO()):
        paths = _written(sample, Path(folder))
        lab = Imagelab(filepaths=paths, verbose=False)
        lab.find_issues({kind: {} for kind in KINDS}, n_jobs=1, verbose=False)
        found = lab.issues.loc[paths]  # in the order of the ids
    marks = {name: found[f"is_{kind}_issue"] for kind, name in KINDS.items()}
    return [Fault(name, list(compress(sample.ids, bad))) for name, bad in marks.items()]


def _written(sample: Sample, folder: Path) -> list[str]:
    """Write images as files, as cleanvision wants them; return their paths by the sample's ids."""
    places = {name: place for place, name in enumerate(sample.ids)}
    paths = [str(folder / f"{place:08d}") for place in range(len(sample.ids))]
    for name, data in sample.encoded():
        Path(paths[places[name]]).write_bytes(data)
    return paths
