"""The command `sau init`."""

import os
from importlib.util import find_spec
from pathlib import Path

import yaml

from sau.config import load
from sau.core.errors import UserError
from sau.core.printable import printable
from sau.networks.pretrained.packaged import packaged_file
from sau.storage.files import write_text
from sau.tools.init.choices import PRETRAINED, Machine, choose
from sau.tools.init.config_text import config_text
from sau.tools.init.folder import Folder, look_at_folder
from sau.tools.init.summary import summary


def init(folder: Path, /, *, output: Path = Path("my.yaml")) -> None:
    """Look at a folder of images, say what is in it, and write a config that fits.

    Args:
        folder: a folder for each class, or such folders for training and for testing.
        output: the config file to write; must not exist.

    Raises:
        UserError: no images, or a folder that the dataset stage would refuse, such as one with a
            class of which no image can be read; or the output exists.
    """
    if os.path.lexists(output):
        raise UserError(f"--output: {output} is there already; name another file, or remove it")
    found = look_at_folder(folder)
    _check_readable(found)
    for line in summary(found):
        print(printable(line))
    _check_classes(found)
    counts = found.counts(is_test=False)
    shorter = found.readable[["width", "height"]].min(axis=1).tolist()
    choices = choose(counts, shorter, _machine())
    name = folder.resolve().name
    text = config_text(found, choices, name=name, results=f"results/{output.stem}")
    load(yaml.safe_load(text))  # what was chosen fits together, or nothing is written
    write_text(output, text)
    command = "cross-validate" if found.has_folds else "run"
    print(printable(f"written: {output}; next: sau plan --config {output}"))
    print(printable(f"then: sau {command} --config {output}"))


def _machine() -> Machine:
    import torch  # takes a second, and is no use before the images are looked at

    has_weights = find_spec("timm") is not None and packaged_file(PRETRAINED) is not None
    return Machine(has_gpu=torch.cuda.is_available(), has_weights=has_weights)


def _check_readable(folder: Folder) -> None:
    if folder.readable.empty:
        first = folder.images.iloc[0]
        raise UserError(
            f"FOLDER: {folder.settings.folder}: none of the {len(folder.images)} images can be "
            f"read, the first ({first.id}) because: {first.reason}"
        )


def _check_classes(folder: Folder) -> None:
    """Refuse classes with too few readable images to train on, as the dataset stage would."""
    train, test = folder.counts(is_test=False), folder.counts(is_test=True)
    # The readable images of a class must not all be in the part that is tested on.
    enough = [a + b > 1 if folder.has_folds else a > 0 for a, b in zip(train, test, strict=True)]
    short = [name for name, is_fine in zip(folder.class_names, enough, strict=True) if not is_fine]
    if short:
        raise UserError(
            f"FOLDER: {folder.settings.folder}: too few images of class {short[0]!r} can be read "
            f"({len(short)} such classes); fix its files, or take the class out"
        )
