"""Settings of the dataset stage."""

import dataclasses
from typing import ClassVar, Literal

from sau.errors import UserError
from sau.settings import Section, setting


@dataclasses.dataclass(frozen=True)
class DatasetSettings(Section):
    """Which real images there are, and what their classes are called."""

    section: ClassVar[str] = "dataset"

    name: str = setting("", "what the data set is called in every table; empty: its source")
    source: Literal["digits", "cifar10", "cifar100", "cifake", "image-folder", "parquet"] = setting(
        "digits", "where the images come from"
    )
    folder: str = setting(
        "", "folder of the images (cifar10, cifar100, cifake, image-folder); unused by the others"
    )
    download: bool = setting(False, "let torchvision download CIFAR into the folder if not there")
    train_file: str = setting("", "parquet: the table of training images")
    test_file: str = setting("", "parquet: the table of test images; empty: split off by the seed")
    image_column: str = setting("image", "parquet: column of encoded bytes, or {bytes, path}")
    label_column: str = setting("label", "parquet: column of class indices or of class names")
    test_per_class: int = setting(
        50,
        "digits, image-folder and parquet without a test split: test images of each class",
        unit="images",
        minimum=1,
    )
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
    seed: int = setting(0, "of the test split, where the source has none", minimum=0)

    def title(self) -> str:
        """Return what the data set is called."""
        return self.name or self.source

    def check(self) -> None:
        """Check that the source's own keys are there."""
        if self.source in ("cifar10", "cifar100", "cifake", "image-folder") and not self.folder:
            raise UserError(f"dataset.folder: empty, but dataset.source {self.source} reads it")
        if self.source == "parquet" and not self.train_file:
            raise UserError("dataset.train_file: empty, but dataset.source parquet reads it")
