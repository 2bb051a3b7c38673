"""Images in a folder for each class."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path, PurePath

import numpy as np

from sau.core.errors import UserError
from sau.sources.checks import check_unique
from sau.sources.decode import SUFFIXES
from sau.sources.derived import derived_copies, is_called_as_copies, suspicious_folders
from sau.sources.droppings import is_dropped_folder, is_dropping
from sau.sources.naming import natural_key, stable_name
from sau.sources.record import Listing, listing_of_files
from sau.storage.regular import leads_to_folder
from sau.storage.walk import Closed, below

log = logging.getLogger(__name__)


def class_folders(folder: Path, key: str) -> list[Path]:
    """Return the class folders of `folder` in natural order.

    Hidden ones are left out, and those that other systems leave (`@eaDir`, `__MACOSX`).

    Raises:
        UserError: there are none, two that lead to one place or are called alike but for Unicode
            spelling, or one that leads to `folder` or to what it stands in.
    """
    found = [path for path in _folders_in(folder) if not is_dropped_folder(path.name)]
    found = _without_copies_of_classes(found)
    if not found:
        raise UserError(
            f"{key}: {folder}: no class folders found; expected {folder.name}/<class>/<image>"
        )
    ordered = sorted(found, key=lambda path: natural_key(stable_name(Path(path.name))))
    _refuse_one_for_another(ordered, folder, key)
    return ordered


def _folders_in(folder: Path) -> list[Path]:
    """Return the folders in a folder that are not hidden."""
    return [path for path in folder.iterdir() if leads_to_folder(path) and path.name[0] != "."]


def _without_copies_of_classes(folders: list[Path]) -> list[Path]:
    """Return the folders without those of smaller copies, such as `thumbs` that holds `thumbs/cat`.

    They hold folders that are called as others of the folders, and no others.
    """
    names = {path.name for path in folders}

    def mirrors(path: Path) -> bool:
        inside = {inner.name for inner in _folders_in(path)} if is_called(path) else set()
        return bool(inside) and inside <= names

    def is_called(path: Path) -> bool:
        return is_called_as_copies(path.name) and os.access(path, os.R_OK | os.X_OK)

    return [path for path in folders if not mirrors(path)]


def _refuse_one_for_another(found: Sequence[Path], folder: Path, key: str) -> None:
    """Refuse class folders that hold the images of other classes, or have the name of another."""
    around = folder.resolve()
    places: dict[Path, str] = dict.fromkeys((around, *around.parents), "")
    names: dict[str, Path] = {}
    for path in found:
        real, name = path.resolve(), stable_name(Path(path.name))
        if real in places:
            other = f"class folder {places[real]!r}" if places[real] else "a folder around it"
            raise UserError(
                f"{key}: {folder}: class folder {name!r} is a link to {other}, so that images "
                "would be of two classes; remove the link"
            )
        if name in names:
            raise UserError(
                f"{key}: {folder}: two class folders are called {name!r}, in different Unicode "
                "spellings; put their images into one"
            )
        places[real] = name
        names[name] = path


def list_class_folders(
    folders: Sequence[Path], labels: Sequence[int], prefix: str, key: str
) -> Listing:
    """List the images of class folders, at any depth below them; warn of images beside them.

    Args:
        folders: one for each class.
        labels: the label of each folder.
        prefix: what ids begin with, such as `real/train`.
        key: the setting to name in errors.

    Returns: ids `<prefix>/<class folder>/<relative name>`, in the order of labels, then natural.

    Raises:
        UserError: no image at all, or two files whose names differ in Unicode spelling only.
    """
    names: list[str] = []
    files: list[Path] = []
    repeated: list[int] = []
    closed = Closed(path.resolve() for path in folders)
    for label, folder in sorted(zip(labels, folders, strict=True)):
        for name, file in images_below(folder, closed):
            names.append(f"{prefix}/{stable_name(Path(folder.name))}/{name}")
            files.append(file)
            repeated.append(label)
    if not files:
        raise UserError(
            f"{key}: {folders[0].parent}: no images found in its {len(folders)} class folders; "
            f"expected files that end in {' '.join(sorted(SUFFIXES))}"
        )
    check_unique(names, str(folders[0].parent))
    _warn_of_loose_images(folders[0].parent)
    _warn_of_other_folders(folders[0].parent, folders)
    return listing_of_files(names, np.array(repeated, dtype=np.int64), files)


def _warn_of_loose_images(folder: Path) -> None:
    inside = [path for path in folder.iterdir() if not path.name.startswith(".")]
    loose = [
        path for path in inside if path.suffix.lower() in SUFFIXES and not leads_to_folder(path)
    ]
    if loose:
        log.warning(
            "%s: left out %d images beside the class folders, such as %s",
            folder,
            len(loose),
            min(stable_name(Path(path.name)) for path in loose),
        )


def _warn_of_other_folders(folder: Path, classes: Sequence[Path]) -> None:
    """Say which folders were left out, and which classes are called as no class mostly is."""
    left = [path.name for path in _folders_in(folder) if path not in classes]
    droppings = [name for name in left if is_dropped_folder(name) or is_called_as_copies(name)]
    if droppings:
        log.warning(
            "%s: left out %d folders that other programs leave (thumbnails, waste bins), such as "
            "%s",
            folder,
            len(droppings),
            min(droppings),
        )
    odd = [path.name for path in classes if is_called_as_copies(path.name)]
    if odd:
        log.warning(
            "%s: class folder %r is called as programs call one of smaller copies; if it is none "
            "of your classes, move it elsewhere",
            folder,
            min(odd),
        )


def images_below(folder: Path, closed: Closed | None = None) -> list[tuple[str, Path]]:
    """Return relative name and path of each image file below `folder`, in natural order.

    Links are followed, but not into the folders of `closed`, which are of other classes. Hidden
    files are left out without a warning; what other programs leave (`sau.sources.droppings`),
    smaller copies (`sau.sources.derived`), what is no file (a pipe, a device) or is not named like
    an image with a warning. A link to nothing is listed: reading it fails.

    Raises:
        UserError: a folder below it may not be read.
    """
    found: list[tuple[str, Path]] = []
    others: list[str] = []
    droppings: list[str] = []
    for file in below(folder, _refuse, closed):
        relative = file.relative_to(folder)
        if any(part.startswith(".") for part in relative.parts):
            continue
        if is_dropping(relative):
            droppings.append(stable_name(relative))
        elif file.suffix.lower() in SUFFIXES and _may_be_read(file):
            found.append((stable_name(relative), file))
        else:
            others.append(stable_name(relative))
    copies = {path.as_posix() for path in derived_copies(PurePath(name) for name, _ in found)}
    droppings += copies
    found = [pair for pair in found if pair[0] not in copies]
    _warn_of_droppings(folder, droppings, [PurePath(name) for name, _ in found])
    if others:
        log.warning(
            "%s: left out %d that are no files, or not named like images, such as %s",
            folder,
            len(others),
            min(others),
        )
    return sorted(found, key=lambda pair: natural_key(pair[0]))


def _warn_of_droppings(folder: Path, droppings: list[str], kept: list[PurePath]) -> None:
    if droppings:
        log.warning(
            "%s: left out %d files that other programs leave (thumbnails, copies), such as %s",
            folder,
            len(droppings),
            min(droppings),
        )
    odd = suspicious_folders(kept)
    if odd:
        log.warning(
            "%s: all images in %s are called like those in the folder above it; if they are copies "
            "of these, move them elsewhere, else one may be trained on and its copy tested on",
            folder,
            odd[0].as_posix(),
        )


def _may_be_read(file: Path) -> bool:
    """Return whether a path is a file, or a link to nothing, or may not be asked."""
    try:
        return file.is_file() or not file.exists()
    except OSError:
        return True


def _refuse(error: OSError) -> None:
    raise UserError(
        f"{error.filename}: the folder cannot be read ({error.strerror}); change its permissions "
        "or its links, or move it elsewhere"
    ) from error
