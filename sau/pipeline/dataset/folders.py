"""The image-folder source: a folder for each class, with a test folder or without."""

import logging
from collections.abc import Sequence
from pathlib import Path

from sau.core.errors import UserError
from sau.pipeline.dataset.settings import DatasetSettings
from sau.pipeline.dataset.split import split_test_off
from sau.sources.checks import existing_folder
from sau.sources.image_folder import class_folders, list_class_folders
from sau.sources.naming import exact_label, order_classes, stable_name
from sau.sources.parts import is_called_test, refuse_parts
from sau.sources.record import Listing

log = logging.getLogger(__name__)

_KEY = "dataset.folder"

_ADVICE = (
    "name them in dataset.train_part and dataset.test_part, or call them train and test and set "
    f"{_KEY} to the folder around them"
)

_TESTS = ("test", "val")
"""What the part that is tested on is called; the first that is there is taken."""


def list_image_folder(settings: DatasetSettings) -> tuple[list[str], Listing, Listing]:
    """List `<folder>/train/<class>/<image>` with test or val beside, or `<folder>/<class>/<image>`.

    `train_part` and `test_part` name folders that are called otherwise. Without a test or val
    folder, test images are split off by the seed.

    Returns: class names in label order, training images, test images; ids are `real/` and the
        path below the folder.

    Raises:
        UserError: no such folder, no class, no image, or class names that do not fit.
    """
    folder = existing_folder(Path(settings.folder), _KEY)
    train, test = _parts(folder, settings)
    refuse_parts(train or folder, _KEY, advice=_ADVICE)
    if train is None:
        names, listing = _list_train(folder, "real", settings)
        return names, *split_test_off(listing, names, settings)
    names, listing = _list_train(train, _prefix(train, folder), settings)
    _warn_of_other_parts(folder, [train, *([test] if test else [])])
    if test is None:
        return names, *split_test_off(listing, names, settings)
    settings.refuse_folds(str(test))
    log.info("test images are those of %s", test)
    folders = class_folders(test, _KEY)
    found = _source_names(train, settings)
    labels = [exact_label(_name(path), found, f"{_KEY}: {test}") for path in folders]
    return names, listing, list_class_folders(folders, labels, _prefix(test, folder), _KEY)


def _parts(folder: Path, settings: DatasetSettings) -> tuple[Path | None, Path | None]:
    """Return the folders of training and test images, None for those that there are not."""
    if settings.train_part:
        train = existing_folder(folder / settings.train_part, "dataset.train_part")
        if not settings.test_part:
            return train, None
        return train, existing_folder(folder / settings.test_part, "dataset.test_part")
    _refuse_misspelt_parts(folder)
    if not (folder / "train").is_dir():
        return None, None
    tests = (folder / name for name in _TESTS if (folder / name).is_dir())
    return folder / "train", next(tests, None)


def _prefix(part: Path, folder: Path) -> str:
    return f"real/{stable_name(part.relative_to(folder))}"


def _refuse_misspelt_parts(folder: Path) -> None:
    """Refuse `Train` beside `test`, two classes, and `train` beside `testing`, not looked at."""
    parts = {path.name for path in class_folders(folder, _KEY)}
    if "train" in parts:
        tests = sorted(name for name in parts if is_called_test(name))
        if tests and not parts & set(_TESTS):
            raise UserError(
                f"{_KEY}: {folder / tests[0]}: expected it to be called test or val; rename it, "
                "name it in dataset.train_part and test_part, or move it elsewhere to have test "
                "images split off"
            )
    elif {name.lower() for name in parts} & set(_TESTS):
        for name in sorted(parts):
            if name.lower() == "train":
                raise UserError(
                    f"{_KEY}: {folder / name}: expected it to be called train; rename it"
                )


def _warn_of_other_parts(folder: Path, taken: Sequence[Path]) -> None:
    known = {path.relative_to(folder).parts[0] for path in taken}
    others = [path.name for path in class_folders(folder, _KEY) if path.name not in known]
    if others:
        log.warning("%s: left out the folders beside train: %s", folder, ", ".join(others))


def _list_train(folder: Path, prefix: str, settings: DatasetSettings) -> tuple[list[str], Listing]:
    found = _source_names(folder, settings)
    by_name = {_name(path): path for path in class_folders(folder, _KEY)}
    folders = [by_name[name] for name in found]
    listing = list_class_folders(folders, range(len(folders)), prefix, _KEY)
    return list(settings.class_names) or found, listing


def _source_names(folder: Path, settings: DatasetSettings) -> list[str]:
    """Return the names of the class folders in label order."""
    found = [_name(path) for path in class_folders(folder, _KEY)]
    names, why = order_classes(found, settings.class_names, str(folder))
    log.info("%s: %d classes; %s", folder, len(names), why)
    return names


def _name(path: Path) -> str:
    return stable_name(Path(path.name))
