"""Settings of the dataset stage."""

from pathlib import PurePath
from typing import ClassVar, Literal

from sau.core.errors import UserError
from sau.settings.paths import PathText
from sau.settings.section import Section, setting

_NEEDED = {
    "cifar10": ("folder",),
    "cifar100": ("folder",),
    "cifake": ("folder",),
    "imagenet-lt": ("folder", "train_file", "test_file"),
    "inaturalist2018": ("folder", "train_file", "test_file"),
    "image-folder": ("folder",),
    "parquet": ("train_file",),
    "hub-folder": ("folder",),
}
"""The keys that a source cannot do without."""

_WITH_FOLDER = {"source": tuple(source for source, keys in _NEEDED.items() if "folder" in keys)}
_WITH_FILES = {"source": ("imagenet-lt", "inaturalist2018", "parquet")}
_WITH_SPLIT_OFF = {"source": ("digits", "image-folder", "parquet", "hub-folder")}
_WITH_PARTS = {"source": ("image-folder", "hub-folder")}
_WITH_COLUMNS = {"source": ("parquet", "hub-folder")}
_WITH_PER_CLASS = {**_WITH_SPLIT_OFF, "test_split": "per-class"}
_WITH_SHARE = {**_WITH_SPLIT_OFF, "test_split": "share"}
_WITH_FOLDS = {**_WITH_SPLIT_OFF, "test_split": "folds"}


class DatasetSettings(Section):
    """Which real images there are, and what their classes are called."""

    section: ClassVar[str] = "dataset"

    name: str = setting("", "what the data set is called in every table; empty: its source")
    source: Literal[
        "digits",
        "cifar10",
        "cifar100",
        "cifake",
        "imagenet-lt",
        "inaturalist2018",
        "image-folder",
        "parquet",
        "hub-folder",
    ] = setting("digits", "where the images come from, see docs/datasets.md")
    folder: PathText = setting("", "folder of the images", only_with=_WITH_FOLDER)
    train_part: str = setting(
        "",
        "folder of the training images below `folder`; empty: train, if it is there; hub-folder: "
        "the split of the training images; empty: train, or the only one",
        only_with=_WITH_PARTS,
    )
    test_part: str = setting(
        "",
        "folder of the test images beside train_part; empty: none; hub-folder: the split of the "
        "test images; empty: test or validation, if it is there",
        only_with=_WITH_PARTS,
    )
    download: bool = setting(
        False,
        "let torchvision download CIFAR into the folder if not there",
        only_with={"source": ("cifar10", "cifar100")},
    )
    train_file: PathText = setting(
        "",
        "parquet: the table of training images; imagenet-lt, inaturalist2018: their split file,"
        " with a path and a label in each line",
        only_with=_WITH_FILES,
    )
    test_file: PathText = setting(
        "",
        "the same for test images; empty, for parquet alone: split off by the seed",
        only_with=_WITH_FILES,
    )
    image_column: str = setting(
        "image", "column of encoded bytes, {bytes, path} or paths", only_with=_WITH_COLUMNS
    )
    label_column: str = setting(
        "label", "column of class indices or of class names", only_with=_WITH_COLUMNS
    )
    id_column: str = setting(
        "id",
        "column of the images' ids, if there is one; empty: rows are counted",
        only_with=_WITH_COLUMNS,
    )
    test_split: Literal["per-class", "share", "folds"] = setting(
        "per-class",
        "how test images are drawn where the source has none: as many of each class, a share of"
        " each, or one of several folds",
        only_with=_WITH_SPLIT_OFF,
    )
    test_per_class: int = setting(
        50,
        "test images of each class, where the source has no test split",
        unit="images",
        minimum=1,
        only_with=_WITH_PER_CLASS,
    )
    test_share: float = setting(
        0.2, "share of each class that is tested on", above=0, below=1, only_with=_WITH_SHARE
    )
    test_at_least: int = setting(
        5,
        "test images of each class, where that is more than the share",
        unit="images",
        minimum=0,
        only_with=_WITH_SHARE,
    )
    test_at_most: float = setting(
        0.3,
        "largest share of a class that is tested on, whatever test_at_least says",
        above=0,
        below=1,
        only_with=_WITH_SHARE,
    )
    folds: int = setting(
        5, "parts, each of which is tested on in its turn", minimum=2, only_with=_WITH_FOLDS
    )
    fold: int = setting(0, "the part that is tested on, from 0", minimum=0, only_with=_WITH_FOLDS)
    images_per_class: int | None = setting(
        None,
        "keep only the first so many training images of each class; null: all",
        unit="images",
        minimum=1,
    )
    image_size: int | None = setting(
        None,
        "resize the shorter side to this with Lanczos and crop the centre; null: leave as they are",
        unit="pixels",
        minimum=4,
    )
    class_names: list[str] = setting(
        [], "class names for prompts and reports, in label order; empty: those of the source"
    )
    class_names_file: PathText = setting(
        "",
        "text file with a class name in each line, in place of class_names; or iNaturalist's"
        " categories.json",
    )
    seed: int = setting(
        0, "of the test split, where the source has none", minimum=0, only_with=_WITH_SPLIT_OFF
    )

    def title(self) -> str:
        """Return what the data set is called."""
        return self.name or self.source

    def check(self) -> None:
        """Check that the source's own keys are there and no others, and classes named once."""
        for key in _NEEDED.get(self.source, ()):
            if not getattr(self, key):
                raise UserError(f"dataset.{key}: empty, but dataset.source {self.source} reads it")
        if any(not name.strip() for name in self.class_names):
            raise UserError(
                f"dataset.class_names: {self.class_names} has an empty name; prompts are made of "
                "the names, so give each class one"
            )
        if self.class_names and self.class_names_file:
            raise UserError(
                "dataset.class_names_file: given beside dataset.class_names; leave one of them out"
            )
        self._check_parts()
        if self.test_share > self.test_at_most:
            raise UserError(
                f"dataset.test_share: {self.test_share:g} is more than dataset.test_at_most, "
                f"{self.test_at_most:g}; lower the one, or raise the other"
            )
        if self.fold >= self.folds:
            raise UserError(
                f"dataset.fold: {self.fold}, but there are dataset.folds: {self.folds}; expected "
                f"0 to {self.folds - 1}"
            )

    def _check_parts(self) -> None:
        for key in ("train_part", "test_part"):
            part = PurePath(getattr(self, key))
            if part.is_absolute() or ".." in part.parts:
                raise UserError(f"dataset.{key}: {part}: expected a folder below dataset.folder")
        if self.test_part and not self.train_part and self.source == "image-folder":
            raise UserError("dataset.test_part: given alone; name dataset.train_part too")

    def refuse_folds(self, where: str) -> None:
        """Refuse folds for a source that has test images of its own, which `where` names."""
        if self.test_split == "folds":
            raise UserError(
                f"dataset.test_split: folds, but {where} has test images of its own; leave it out, "
                "or move them to the training images"
            )
