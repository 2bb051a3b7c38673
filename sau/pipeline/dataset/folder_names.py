"""Class names from what image paths say of their classes: WordNet ids, and categories."""

import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from sau.core.errors import UserError
from sau.sources.naming import plain_name
from sau.sources.split_file import SplitFile

log = logging.getLogger(__name__)

IMAGENET_CLASSES = 1000

_WORDNET_ID = re.compile(r"n[0-9]{8}", re.ASCII)
_ADVICE = "give dataset.class_names_file, one name in each line in label order"

# torchvision calls class 264, a dog, `Cardigan` and class 474, which is worn, `cardigan`.
_CLEARER = {"Cardigan": "Cardigan Welsh corgi"}


def folder_of_each_class(train: SplitFile, depth: int) -> list[str]:
    """Return the last `depth` folders on the way to each class's images, joined by slashes.

    Raises:
        UserError: images of one class in several folders, or of several classes in one.
    """
    first: dict[int, tuple[str, int]] = {}
    for index, (name, label) in enumerate(zip(train.names, train.labels.tolist(), strict=True)):
        folder = "/".join(name.rsplit("/", depth + 1)[-depth - 1 : -1])
        known, line = first.setdefault(label, (folder, index))
        if known != folder:
            raise UserError(
                f"{train.line(index)}: class {label} is in folder {folder!r}, but in {known!r} in "
                f"line {line + 1}, so classes cannot be called by their folders; {_ADVICE}"
            )
    folders = [first[label][0] for label in sorted(first)]
    commonest, classes = Counter(folders).most_common(1)[0]
    if classes > 1:
        raise UserError(
            f"{train.source}: folder {commonest!r} holds images of {classes} classes, so classes "
            f"cannot be called by their folders; {_ADVICE}"
        )
    return folders


def own_names(train: SplitFile, given: Sequence[str]) -> list[str] | None:
    """Return what the images' folders call the classes, if given names are some of theirs.

    That is torchvision's name or the WordNet id for ImageNet's 1,000 classes, else the folder. None
    where folders do not tell the classes, or where the given names are titles.
    """
    try:
        folders = folder_of_each_class(train, depth=1)
    except UserError:
        return None
    candidates = [folders]
    if len(folders) == IMAGENET_CLASSES and all(map(_WORDNET_ID.fullmatch, folders)):
        by_id = dict(zip(sorted(folders), torchvision_names(), strict=True))
        candidates.append([by_id[folder] for folder in folders])
    known = set(map(plain_name, given))
    return next((own for own in candidates if known <= set(map(plain_name, own))), None)


def imagenet_names(train: SplitFile) -> list[str]:
    """Return names for ImageNet's classes: torchvision's for all 1,000, else the folders'.

    torchvision's categories stand in the order of the WordNet ids, and so do ImageNet-LT's labels.

    Raises:
        UserError: 1,000 classes that are in another order, or what `folder_of_each_class` says.
    """
    folders = folder_of_each_class(train, depth=1)
    if len(folders) != IMAGENET_CLASSES:
        _warn(train, folders, f"not ImageNet's {IMAGENET_CLASSES} classes but {len(folders)}")
        return folders
    if folders != sorted(folders) or not all(map(_WORDNET_ID.fullmatch, folders)):
        raise UserError(
            f"{train.source}: {IMAGENET_CLASSES} classes, but their folders are not WordNet ids "
            f"in label order, so ImageNet's class names would not fit; {_ADVICE}"
        )
    log.info("%s: class names are torchvision's, in the order of the WordNet ids", train.source)
    return torchvision_names()


def torchvision_names() -> list[str]:
    """Return torchvision's 1,000 ImageNet categories; no two differ in case only."""
    from torchvision.models import ResNet50_Weights  # brings torch in; nothing is downloaded

    categories = ResNet50_Weights.IMAGENET1K_V1.meta["categories"]
    return [_CLEARER.get(name, name) for name in categories]


def inaturalist_names(train: SplitFile) -> list[str]:
    """Return `<super category>/<category id>` for each class, with a warning that it is no name.

    Raises:
        UserError: what `folder_of_each_class` says.
    """
    folders = folder_of_each_class(train, depth=2)
    _warn(train, folders, "no dataset.class_names_file")
    return folders


def names_by_category(train: SplitFile, categories: Mapping[int, str]) -> list[str]:
    """Return the names of the categories whose ids are the classes' folders.

    In iNaturalist's release a category's images are in a folder that is called by its id, whatever
    the label that a split file gives it.

    Args:
        train: paths such as `train_val2018/Plantae/7477/x.jpg`.
        categories: name of each category id.

    Raises:
        UserError: a folder that is no id of `categories`, or what `folder_of_each_class` says.
    """
    folders = folder_of_each_class(train, depth=1)
    known = {str(identity): name for identity, name in categories.items()}
    for label, folder in enumerate(folders):
        if folder not in known:
            raise UserError(
                f"dataset.class_names_file: no category of id {folder!r}, the folder of class "
                f"{label} in {train.source}; give the categories.json of the release, or a text "
                "file with one name in each line in label order"
            )
    return [known[folder] for folder in folders]


def _warn(train: SplitFile, folders: Sequence[str], reason: str) -> None:
    log.warning(
        "%s: %s, so classes are called by their folders, such as %s; prompts need real names: %s",
        train.source,
        reason,
        folders[0],
        _ADVICE,
    )
