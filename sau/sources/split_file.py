"""Split files: text files whose lines are an image's path and its label, as ImageNet-LT's."""

import dataclasses
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from sau.core.errors import UserError
from sau.sources.checks import read_text
from sau.sources.naming import quoted
from sau.sources.record import Listing, Payload, Rows
from sau.storage.regular import leads_to_file, leads_to_folder

_LABEL = re.compile(r"-?[0-9]{1,18}", re.ASCII)  # 18 digits fit into 64 bits
_EXAMPLE = "`train/n01440764/n01440764_10026.JPEG 0`"


@dataclasses.dataclass(frozen=True)
class SplitFile:
    """What one split file says: line i + 1 is image i.

    Args:
        source: setting and file, for messages.
        paths: of the images, relative to the image root, as they stand in the file.
        names: the same with composed Unicode, the way they stand in ids; each once.
        labels: int64, shape (images,), from 0.
    """

    source: str
    paths: list[str]
    names: list[str]
    labels: Rows

    def line(self, index: int) -> str:
        """Return where image `index` stands, for messages."""
        return f"{self.source}, line {index + 1}"


def read_split_file(file: Path, key: str) -> SplitFile:
    """Read a split file; no image is looked at.

    Each line is a path and a label. The label is what follows the last white space, so paths may
    contain spaces. Empty lines may stand at the end only.

    Args:
        file: the file, in UTF-8.
        key: the setting to name in errors.

    Raises:
        UserError: no file that can be read, no lines, or, with its number, a line of another form,
            with a negative label or with a path that stands there already.
    """
    source = f"{key}: {file}"
    lines = read_text(file, key, "split file").rstrip().split("\n")
    if lines == [""]:
        raise UserError(f"{source}: empty; expected lines such as {_EXAMPLE}")
    pairs = [line.rsplit(maxsplit=1) for line in lines]
    for number, pair in enumerate(pairs, 1):
        problem = _problem(pair)
        if problem:
            raise UserError(f"{source}, line {number}: {problem}")
    paths = [path for path, _ in pairs]
    labels = np.array([int(label) for _, label in pairs], dtype=np.int64)
    names = [unicodedata.normalize("NFC", path) for path in paths]
    split = SplitFile(source, paths, names, labels)
    _refuse_repeated(split)
    return split


def list_split(split: SplitFile, folder: Path) -> Listing:
    """List the images of a split file in the order of its lines; ids `real/<path>`.

    A file that is missing shows when its image is read. Here it is only made sure that some file
    is there, so that a wrong root is one error and not a failure for each image.

    Args:
        split: the split file.
        folder: the image root, which the paths are relative to.

    Raises:
        UserError: not one of the listed files exists.
    """
    if not _any_exists(split.paths, folder):
        raise UserError(
            f"dataset.folder: {folder}: none of the {len(split.paths)} images of {split.source} is "
            f"in it, such as {split.paths[0]}; name the folder that its paths begin in"
        )

    def fetch(rows: Rows) -> Iterator[Payload]:
        return (Payload(path=folder / split.paths[row]) for row in rows)

    rows = np.arange(len(split.paths), dtype=np.int64)
    return Listing([f"real/{name}" for name in split.names], split.labels, rows, fetch)


def _problem(pair: list[str]) -> str:
    """Return what is wrong with a line, or nothing."""
    if len(pair) < 2:
        line = quoted(" ".join(pair))
        return f"{line} is not a path and a label; expected a line such as {_EXAMPLE}"
    path, label = pair
    if not _LABEL.fullmatch(label):
        return f"label {quoted(label)} is no whole number; expected a line such as {_EXAMPLE}"
    if label[0] == "-":
        return f"negative label {label}; number the classes from 0"
    if not {"", ".", ".."}.isdisjoint(path.split("/")):
        return f"path {quoted(path)} must be plain and relative to dataset.folder, as in {_EXAMPLE}"
    return ""


def _refuse_repeated(split: SplitFile) -> None:
    if len(set(split.names)) == len(split.names):
        return
    first: dict[str, int] = {}
    for index, name in enumerate(split.names):
        if name in first:
            raise UserError(
                f"{split.line(index)}: {quoted(name)} stands in line {first[name] + 1} already; "
                "list each image once"
            )
        first[name] = index


def _any_exists(paths: Sequence[str], folder: Path) -> bool:
    """Return whether one of the files exists, asking for no file of a folder that does not."""
    folders: dict[str, bool] = {}
    for path in paths:
        parent = path.rpartition("/")[0]
        if parent not in folders:
            folders[parent] = leads_to_folder(folder / parent)
        if folders[parent] and leads_to_file(folder / path):
            return True
    return False
