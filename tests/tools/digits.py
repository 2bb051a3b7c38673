"""A small network that the pipeline's own stages have trained on digits."""

import dataclasses
from pathlib import Path
from typing import Any

import pandas as pd

from sau.pipeline.dataset.settings import DatasetSettings
from sau.pipeline.dataset.stage import dataset
from sau.pipeline.subset.settings import SubsetSettings
from sau.pipeline.subset.stage import subset
from sau.pipeline.training.settings import TrainingSection
from sau.pipeline.training.stage import training
from sau.storage.manifest import read

SETTINGS = {
    "method": "cross_entropy",
    "data": "real",
    "backbone": "resnet8",
    "width": 8,
    "epochs": 3,
    "batch_size": 32,
    "learning_rate": 0.1,
    "crop_padding": 1,
    "cutout_size": 0,
    "horizontal_flip": False,
}


@dataclasses.dataclass(frozen=True)
class Digits:
    """Digits of 12 x 12 pixels, and a network that has learnt them: where each file is."""

    folder: Path

    @property
    def model(self) -> Path:
        return self.folder / "model"

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.parquet"

    def test_images(self) -> pd.DataFrame:
        """Return the rows of the test images, as the dataset stage wrote them."""
        return read(self.path("test"), "images").to_pandas()

    def predictions(self, selection: str = "last") -> pd.DataFrame:
        """Return what training has found for the test images."""
        table = read(self.path("predictions"), "predictions").to_pandas()
        return table[table["selection"] == selection].reset_index(drop=True)

    def with_images(self) -> "Digits":
        """Write the images of both splits, and which of them are trained on and held out."""
        settings = DatasetSettings(images_per_class=30, test_per_class=8, image_size=12)
        dataset(self.path("train"), self.path("test"), settings=settings)
        subset(
            *(self.path(name) for name in ("train", "real", "validation")),
            imbalance_factor="2",
            data_seed=0,
            settings=SubsetSettings(validation_fraction=0.2),
        )
        return self

    def train(self, into: Path, **changes: Any) -> "Digits":
        """Train a network on these images; return it, in a folder of its own."""
        training(
            members=[self.path("real")],
            train_images=[self.path("train")],
            test_images=[self.path("test")],
            synthetic_images=[],
            validation=self.path("validation"),
            predictions=into / "predictions.parquet",
            history=into / "history.parquet",
            label_correction=into / "label_correction.parquet",
            model=into / "model",
            checkpoint=into / "checkpoint",
            seed=0,
            settings=TrainingSection(**{**SETTINGS, **changes}),
        )
        for name in ("train", "test", "real", "validation"):
            if not (into / f"{name}.parquet").exists():
                (into / f"{name}.parquet").symlink_to(self.path(name))
        return Digits(into)
