"""A small run of every stage, each of which can be called again."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sau.pipeline.complement.settings import ComplementSettings
from sau.pipeline.complement.stage import complement
from sau.pipeline.dataset.settings import DatasetSettings
from sau.pipeline.dataset.stage import dataset
from sau.pipeline.evaluation.settings import EvaluationSettings
from sau.pipeline.evaluation.stage import evaluation
from sau.pipeline.filter.settings import FilterSettings
from sau.pipeline.filter.stage import filter as filter_stage
from sau.pipeline.gallery.settings import GallerySettings
from sau.pipeline.gallery.stage import gallery
from sau.pipeline.images.settings import ImagesSettings
from sau.pipeline.images.stage import images
from sau.pipeline.report.settings import ReportSettings
from sau.pipeline.report.stage import report
from sau.pipeline.scores.settings import ScoresSettings
from sau.pipeline.scores.stage import scores
from sau.pipeline.subset.settings import SubsetSettings
from sau.pipeline.subset.stage import subset
from sau.pipeline.training.settings import TrainingSection
from sau.pipeline.training.stage import training

NAMES = ("cat", "dog")
SHARDS = (0, 1)
TINY: dict[str, Any] = {
    **{"method": "cross_entropy", "data": "balanced", "backbone": "resnet8", "width": 1},
    **{"epochs": 1, "batch_size": 8, "crop_padding": 1, "cutout_size": 2},
}


class Run:
    """The results of a small run, and its stages, each of which can be called again."""

    def __init__(self, root: Path, source: Path, data_seed: int = 0, seed: int = 0) -> None:
        self.root, self.source, self.data_seed, self.seed = root, source, data_seed, seed
        place = f"imbalance-2/data-seed-{data_seed}"
        self.tail = root / "subset" / place
        self.made = root / "complement" / place / "synthetic.parquet"
        self.run = root / "training" / "ce" / place / f"seed-{seed}"
        self.metrics = root / "evaluation" / "ce" / place / f"seed-{seed}" / "metrics.parquet"
        self.train, self.test = (root / "dataset" / f"{name}.parquet" for name in ("train", "test"))
        self.shards = [root / "images" / f"shard-{shard}.parquet" for shard in SHARDS]
        self.scores = [root / "scores" / f"shard-{shard}.parquet" for shard in SHARDS]
        self.test_scores = root / "scores" / "test.parquet"
        self.kept = root / "filter" / "kept.parquet"

    def stages(self) -> dict[str, Callable[[], None]]:
        """Return what the workflow would call, in its order."""
        steps = "dataset images scores filter subset complement training evaluation reports"
        return {name: getattr(self, f"make_{name}") for name in steps.split()}

    def make_dataset(self) -> None:
        settings = DatasetSettings(
            source="image-folder", folder=str(self.source / "real"), test_per_class=5
        )
        dataset(self.train, self.test, settings=settings)

    def make_images(self) -> None:
        settings = ImagesSettings(
            source="imported", folder=str(self.source / "made"), shards=len(SHARDS)
        )
        for shard, path in enumerate(self.shards):
            images(self.train, path, shard=shard, settings=settings)

    def make_scores(self) -> None:
        settings = ScoresSettings(scorer="none")
        for path, output in zip(
            [*self.shards, self.test], [*self.scores, self.test_scores], strict=True
        ):
            scores(path, output, settings=settings)

    def make_filter(self) -> None:
        settings = FilterSettings(leak="report", keep_fraction=1)
        filter_stage(self.scores, self.kept, [self.test_scores], settings=settings)

    def make_subset(self) -> None:
        files = self.tail / "real.parquet", self.tail / "validation.parquet"
        settings = SubsetSettings(validation_fraction=0.2)
        subset(
            self.train,
            *files,
            imbalance_factor="2",
            data_seed=self.data_seed,
            settings=settings,
        )

    def make_complement(self) -> None:
        complement(
            self.tail / "real.parquet",
            self.kept,
            self.made,
            settings=ComplementSettings(order="random"),
        )

    def make_training(self, **changes: Any) -> None:
        training(
            members=[self.tail / "real.parquet", self.made],
            validation=self.tail / "validation.parquet",
            train_images=[self.train],
            test_images=[self.test],
            synthetic_images=self.shards,
            **self.outputs(),
            model=self.run / "model",
            checkpoint=self.run / "checkpoint",
            seed=self.seed,
            run="ce",
            settings=TrainingSection(**{**TINY, **changes}),
        )

    def outputs(self) -> dict[str, Path]:
        names = ("predictions", "history", "label_correction")
        return {name: self.run / f"{name}.parquet" for name in names}

    def make_evaluation(self) -> None:
        evaluation(
            self.run / "predictions.parquet",
            [self.tail / "real.parquet", self.made],
            self.metrics,
            settings=EvaluationSettings(),
        )

    def make_reports(self) -> None:
        pages, found = self.root / "report", self.outputs()
        gallery(
            self.train,
            self.shards,
            self.scores,
            pages / "gallery.html",
            kept=self.kept,
            settings=GallerySettings(),
        )
        names = ("html", "markdown", "csv", "curves", "confusion", "noise", "figure")
        report(
            metrics=[self.metrics],
            predictions=[found["predictions"]],
            histories=[found["history"]],
            label_corrections=[found["label_correction"]],
            members=[self.tail / "real.parquet", self.made],
            kept=self.kept,
            train_images=self.train,
            test_images=self.test,
            synthetic_images=self.shards,
            **{name: pages / name for name in names},
            settings=ReportSettings(),
        )


def write_images(folder: Path, seed: int) -> None:
    """Write 20 real and 20 made pictures of noise for each class."""
    generator = np.random.default_rng(seed)
    for kind in ("real", "made"):
        for name in NAMES:
            (folder / kind / name).mkdir(parents=True)
            for place in range(20):
                pixels = generator.integers(0, 256, (8, 8, 3), dtype=np.uint8)
                buffer = io.BytesIO()
                Image.fromarray(pixels).save(buffer, "PNG")
                (folder / kind / name / f"{place}.png").write_bytes(buffer.getvalue())
