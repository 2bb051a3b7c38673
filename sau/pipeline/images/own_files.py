"""Files of single classes: LoRA weights, and embeddings that stand for their names."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sau.core.errors import UserError
from sau.pipeline.images.settings import ImagesSettings
from sau.sources.class_match import labels_of_names
from sau.sources.naming import distinct_names
from sau.storage.lfs_pointer import refuse_pointer
from sau.storage.regular import leads_to_file

SUFFIX = ".safetensors"

PICKLES = (".bin", ".pt", ".pth", ".ckpt")
"""Of weights as others save them, which could run code."""

KEYS = ("lora", "embedding")
"""Settings that name a file, or a folder with a file for each class."""

PLACEHOLDER = "<class-"
"""How words begin that stand in a prompt for the name of a class that has an embedding."""


class Embedding(NamedTuple):
    """An embedding that a word of prompts stands for.

    Attributes:
        file: that holds it.
        name: of the class, for networks that read the same prompts and have not learned the word.
    """

    file: str
    name: str


def with_own_files(
    by_label: Mapping[int, ImagesSettings], class_names: Sequence[str]
) -> dict[int, ImagesSettings]:
    """Return each class's settings, with the class's own file in place of a folder of files.

    Args:
        by_label: settings of each class.
        class_names: in label order.

    Raises:
        UserError: no such file or folder, one that is no safetensors file, a class without a file,
            or a file that is called like no class.
    """
    folders: dict[tuple[str, str], dict[int, Path]] = {}
    found = {}
    for label, settings in by_label.items():
        own = {}
        for key in KEYS:
            name = getattr(settings, key)
            if name and Path(name).is_dir():
                files = folders.get((key, name))
                if files is None:
                    files = folders[key, name] = _files_of_classes(Path(name), key, class_names)
                own[key] = str(_file_of(files, label, Path(name), key, class_names))
            elif name:
                _check_file(Path(name), key)
        found[label] = settings.replace(**own) if own else settings
    return found


def placeholder_of(label: int) -> str:
    """Return the word for a class's name, unlike that of any other class, such as `<class-3>`."""
    return f"{PLACEHOLDER}{label}>"


def told(prompt: str, class_name: str, label: int) -> str | None:
    """Return a prompt with the class's word for its name; None if the name is not in it.

    Args:
        prompt: such as "A photo of a cat."
        class_name: as the prompt has it, but for upper and lower case.
        label: of the class.
    """
    name = rf"(?<!\w){re.escape(class_name)}(?!\w)"
    changed, count = re.subn(name, placeholder_of(label), prompt, flags=re.IGNORECASE)
    return changed if count else None


def _files_of_classes(folder: Path, key: str, class_names: Sequence[str]) -> dict[int, Path]:
    """Return the file of each class that has one."""
    where = f"images.{key}: {folder}"
    files = sorted(path for path in folder.iterdir() if path.name[0] != "." and path.is_file())
    pickled = next((path for path in files if path.suffix in PICKLES), None)
    if pickled is not None:
        raise UserError(
            f"{where} holds {pickled.name}, which may be a pickle; save its weights as {SUFFIX}, "
            "and take it out of the folder"
        )
    own = [path for path in files if path.suffix == SUFFIX]
    labels = labels_of_names([path.name.removesuffix(SUFFIX) for path in own], class_names, where)
    found: dict[int, Path] = {}
    for label, path in zip(labels, own, strict=True):
        if label in found:
            raise UserError(
                f"{where}: {found[label].name} and {path.name} are of one class, "
                f"{class_names[label]!r}; leave one of them"
            )
        _check_file(path, key)
        found[label] = path
    return found


def _file_of(
    files: Mapping[int, Path], label: int, folder: Path, key: str, class_names: Sequence[str]
) -> Path:
    if label not in files:
        name = distinct_names(class_names)[label]
        raise UserError(
            f"images.{key}: {folder} has no file for class {name!r}; put {name}{SUFFIX} there, or "
            f"leave the class out by images.per_class: {{{name}: {{{key}: ''}}}}"
        )
    return files[label]


def _check_file(path: Path, key: str) -> None:
    what = f"images.{key}: {path}"
    if not leads_to_file(path):
        raise UserError(f"{what} does not exist; give a {SUFFIX} file, or a folder of them")
    if path.suffix != SUFFIX:
        raise UserError(f"{what} is no {SUFFIX} file, the only kind that can run no code")
    refuse_pointer(path, what)
