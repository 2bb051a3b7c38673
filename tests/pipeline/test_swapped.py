"""A table of another run in place of this run's is refused by the first stage that can tell."""

import io
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sau.core.errors import UserError
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
from sau.pipeline.report.runs import read_measured
from sau.pipeline.report.settings import ReportSettings
from sau.pipeline.report.stage import report
from sau.pipeline.scores.settings import ScoresSettings
from sau.pipeline.scores.stage import scores
from sau.pipeline.subset.settings import SubsetSettings
from sau.pipeline.subset.stage import subset
from sau.pipeline.training.settings import TrainingSection
from sau.pipeline.training.stage import training
from sau.storage import manifest
from scripts.slices.images import pack_images

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

    def make_training(self) -> None:
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
            settings=TrainingSection(**TINY),
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
            self.kept,
            self.shards,
            self.scores,
            pages / "gallery.html",
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


OTHERS: dict[str, tuple[str, dict[str, int]]] = {
    "other images": ("second", {}),
    "another data seed": ("first", {"data_seed": 1}),
    "another seed": ("first", {"seed": 1}),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """A run, and others that differ from it in one thing each; none has its reports yet."""
    root = tmp_path_factory.mktemp("runs")
    for number, name in enumerate(("first", "second")):
        write_images(root / name, number)
    found = {"this": Run(root / "this", root / "first")}
    for name, (source, changes) in OTHERS.items():
        found[name] = Run(root / name.replace(" ", "-"), root / source, **changes)
    for run in found.values():
        for stage, make in run.stages().items():
            if stage != "reports":
                make()
    return found


def test_run_with_its_own_tables_goes_through(runs: dict[str, Run], tmp_path: Path) -> None:
    shutil.copytree(runs["this"].root, tmp_path / "copy")
    Run(tmp_path / "copy", runs["this"].source).make_reports()


def test_run_on_packed_images_goes_through_with_the_whole_ones(
    runs: dict[str, Run], tmp_path: Path
) -> None:
    """As in slices: training reads selections of the images, the reports all of them."""
    shutil.copytree(runs["this"].root, tmp_path / "copy")
    copy, pack = Run(tmp_path / "copy", runs["this"].source), tmp_path / "pack"
    pack.mkdir()
    lists = [copy.tail / "real.parquet", copy.tail / "validation.parquet", copy.made]
    ids = set(manifest.read(lists, "members", columns=["id"])["id"].to_pylist())
    wholes = {"train": copy.train, "test": copy.test}
    wholes |= {path.stem: path for path in copy.shards}
    packed = {
        name: [
            pack / file for file in pack_images(path, pack, name, None if name == "test" else ids)
        ]
        for name, path in wholes.items()
    }
    assert "selected_from" in manifest.read_metadata(packed["train"][0])["provenance"]
    whole = copy.train, copy.test, copy.shards
    (copy.train,), (copy.test,) = packed["train"], packed["test"]
    copy.shards = [*packed["shard-0"], *packed["shard-1"]]
    shutil.rmtree(copy.run)
    copy.make_training()
    copy.train, copy.test, copy.shards = whole
    copy.make_evaluation()
    copy.make_reports()


def test_runs_on_other_images_of_one_data_set_stand_in_no_table(runs: dict[str, Run]) -> None:
    metrics = {name: run.metrics for name, run in runs.items()}
    assert len(read_measured([metrics["this"], metrics["another seed"]])) == 2
    with pytest.raises(
        UserError,
        match="made from other test images than .* make its predictions again, then run the eval",
    ):
        read_measured([metrics["this"], metrics["other images"]])


READ_BY = {
    "dataset/train": ("images", "subset"),
    "dataset/test": ("scores",),
    "images/shard-0": ("scores",),
    "images/shard-1": ("scores",),
    "scores/shard-0": ("filter",),
    "scores/shard-1": ("filter",),
    "scores/test": ("filter",),
    "filter/kept": ("complement",),
    "subset/real": ("complement",),
    "subset/validation": ("training",),
    "complement/synthetic": ("training",),
    "training/predictions": ("evaluation",),
    "training/history": ("reports",),
    "training/label_correction": ("reports",),
    "evaluation/metrics": ("reports",),
}
"""Each table, and the first stages that read it: they and those after them run again."""


OTHERS_DIFFER_FROM = {
    "other images": "dataset/train",
    "another data seed": "subset/real",
    "another seed": "training/predictions",
}
"""From which table on each other run has others."""


def table_in(run: Run, name: str) -> Path:
    stage, file = name.split("/")
    (path,) = sorted((run.root / stage).rglob(f"{file}.parquet"))
    return path


def cases() -> list[tuple[str, str, str]]:
    """Return which table of which other run takes the place of this run's, and what runs then.

    What no report reads cannot be told by the reports alone.
    """
    swaps = [
        (name, other)
        for other, first in OTHERS_DIFFER_FROM.items()
        for name in list(READ_BY)[list(READ_BY).index(first) :]
    ]
    unread = ("scores/test", "subset/validation")
    alone = [(*swap, "reports alone") for swap in swaps if swap[0] not in unread]
    return [*alone, *((*swap, "all that follows") for swap in swaps)]


@pytest.mark.parametrize(("name", "other", "rerun"), cases())
def test_table_of_another_run_is_refused(
    runs: dict[str, Run], name: str, other: str, rerun: str, tmp_path: Path
) -> None:
    theirs = table_in(runs[other], name).read_bytes()
    assert theirs != table_in(runs["this"], name).read_bytes()
    shutil.copytree(runs["this"].root, tmp_path / "copy")
    copy = Run(tmp_path / "copy", runs["this"].source)
    shutil.rmtree(copy.run / "predictions.reuse")
    table_in(copy, name).write_bytes(theirs)
    with pytest.raises(UserError) as refusal:
        for stage, make in copy.stages().items():
            if stage == "reports" or (rerun != "reports alone" and follows(stage, name)):
                make()
    assert re.search(f"{tmp_path}|--members", str(refusal.value))
    assert "\n" not in str(refusal.value)


def follows(stage: str, name: str) -> bool:
    order = list(Run.stages(Run(Path(), Path())))
    return order.index(stage) >= min(order.index(first) for first in READ_BY[name])
