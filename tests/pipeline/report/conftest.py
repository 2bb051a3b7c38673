"""Believable manifests of a few runs, made without training anything."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from matplotlib.figure import Figure

from sau.engine.settings import TrainingSettings
from sau.pipeline.complement.settings import ComplementSettings
from sau.pipeline.evaluation.settings import EvaluationSettings
from sau.pipeline.evaluation.stage import evaluation
from sau.pipeline.filter.settings import FilterSettings
from sau.pipeline.report.grid import GridRow
from sau.pipeline.report.runs import Run, read_runs
from sau.pipeline.subset.settings import SubsetSettings
from sau.storage import manifest
from sau.storage.provenance import provenance
from tests.pipeline.report.made_images import put_images

METHODS = [
    ("ce", "CE", "cross_entropy", "real"),
    ("ce-balanced", "CE*", "cross_entropy", "balanced"),
    ("sau", "SAU", "sau", "balanced"),
]


BOUNDS = {"many_above": 20, "few_at_most": 5}


def grid_row(
    run: str,
    label: str,
    method: Any,
    data: Any,
    factors: Sequence[str],
    backbone: str = "resnet32",
    paper: str = "",
) -> GridRow:
    """Return a row that expects the runs of a `World` as it is unless something is changed."""
    recipe = TrainingSettings(method=method, data=data, epochs=4).recipe()
    recipes = dict.fromkeys(factors, recipe)
    return GridRow(run, label, method, data, backbone, 16, 4, recipes, paper)


@dataclasses.dataclass
class Fake:
    """Paths of everything that the report stages read, in the order of the runs."""

    folder: Path
    metrics: list[Path] = dataclasses.field(default_factory=list)
    predictions: list[Path] = dataclasses.field(default_factory=list)
    histories: list[Path] = dataclasses.field(default_factory=list)
    label_corrections: list[Path] = dataclasses.field(default_factory=list)
    members: list[Path] = dataclasses.field(default_factory=list)
    synthetic_images: list[Path] = dataclasses.field(default_factory=list)

    @property
    def inputs(self) -> dict[str, Any]:
        """The input arguments of `report`."""
        return dataclasses.asdict(self) | {
            "kept": self.folder / "kept.parquet",
            "train_images": self.folder / "train.parquet",
            "test_images": self.folder / "test.parquet",
        }


@dataclasses.dataclass
class World:
    """What is varied from test to test."""

    class_names: Sequence[str] = ("cat", "dog", "ship")
    largest: int = 30
    factor: float = 10.0
    requested: str = "10"
    seeds: Sequence[int] = (0, 1)
    data_seeds: Sequence[int] = (0,)
    methods: Sequence[tuple[str, str, str, str]] = tuple(METHODS)
    epochs: int = 4
    test_images: int = 20
    scored: bool = True
    validation: int = 0
    synthetic: bool = True
    shortage: int = 0
    failed: int = 1
    failed_real: int = 0
    failed_test: int = 0
    side: int = 8
    judged: bool = False
    prompt: str = "A photo of a {name}."
    many_above: int = 20
    few_at_most: int = 5
    recipes: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """By run, where they are not those of the settings."""

    @property
    def real(self) -> list[int]:
        """Real images of each class."""
        steps = max(len(self.class_names) - 1, 1)
        return [
            int(self.largest * self.factor ** (-i / steps)) for i in range(len(self.class_names))
        ]


@pytest.fixture
def fake(tmp_path: Path) -> Callable[..., Fake]:
    """Return a function that writes all manifests of a world and returns their paths."""

    def build(folder: str = "run", **changes: Any) -> Fake:
        return write_world(tmp_path / folder, World(**changes))

    return build


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the drawing of figures, most of a report's time, where words are looked at."""

    def save(_: Figure, file: Any, **choices: Any) -> None:
        file.write("<svg></svg>" if choices["format"] == "svg" else b"\x89PNG")

    monkeypatch.setattr(Figure, "savefig", save)


def runs_in(files: Fake) -> list[Run]:
    """Read the runs of a world, as the report does."""
    lists = (files.predictions, files.histories, files.label_corrections, files.members)
    return read_runs(files.metrics, *lists)


def write_world(folder: Path, world: World) -> Fake:
    """Write everything that the stages before the report would have written."""
    files = Fake(folder)
    write_images(folder, world, files)
    for data_seed in world.data_seeds:
        lists = write_members(folder, world, data_seed)
        files.members += lists
        for run, label, method, data in world.methods:
            for seed in world.seeds:
                place = folder / f"{run}-{data_seed}-{seed}"
                members = lists if data == "balanced" else lists[:1]
                settings = TrainingSettings(method=method, data=data, epochs=world.epochs)
                facts = {
                    "run": run,
                    "data": data,
                    "recipe": world.recipes.get(run, settings.recipe()),
                    "label": label,
                    "seed": seed,
                    "parameters": 464_154,
                    "parameters_trained": 4_926_554,
                    "operations": 250_000_000_000_000,
                    "width": 16,
                    "dataset": "pets-lt",
                    "class_names": list(world.class_names),
                    "imbalance_factor": world.factor,
                    "requested_imbalance_factor": world.requested,
                    "data_seed": data_seed,
                    "members_sha256": manifest.hash_of(members),
                }
                made = provenance("training", settings, {}, **facts)
                write_run(place, world, files, made, method, data, seed)
                evaluation(
                    files.predictions[-1],
                    members,
                    place / "metrics.parquet",
                    label=label,
                    settings=EvaluationSettings(
                        many_above=world.many_above, few_at_most=world.few_at_most
                    ),
                )
                files.metrics.append(place / "metrics.parquet")
    return files


def write_run(
    place: Path,
    world: World,
    files: Fake,
    made: dict[str, Any],
    method: str,
    data: str,
    seed: int,
) -> None:
    """Write the predictions, history and label correction of one run."""
    random = np.random.default_rng([seed, len(method), len(data)])
    classes = len(world.class_names)
    labels = np.repeat(np.arange(classes), world.test_images)
    floor = {"real": 0.25, "balanced": 0.6}[data] + 0.1 * (method == "sau")
    skill = floor + (0.97 - floor) * np.sqrt(np.array(world.real) / world.largest)
    rows = []
    selections = [("last", world.epochs, 0.0), ("best_on_test", 2, 0.02)]
    if world.validation:
        selections.append(("best_on_validation", 3, 0.01))
    for selection, epoch, luck in selections:
        right = random.random(len(labels)) < skill[labels] + luck
        wrong = (labels * random.random(len(labels))).astype(int)
        rows.append(
            pd.DataFrame(
                {
                    "selection": selection,
                    "epoch": epoch,
                    "id": [f"test-{i}" for i in range(len(labels))],
                    "label": labels,
                    "predicted": np.where(right, labels, wrong),
                    "confidence": np.where(right, 0.8, 0.5),
                    "label_probability": np.where(right, 0.8, np.where(wrong == labels, 0.5, 0.2)),
                }
            )
        )
    put(place / "predictions.parquet", "predictions", pd.concat(rows), made)
    epochs = np.arange(1, world.epochs + 1)
    loss = 2.3 * np.exp(-epochs / world.epochs * 2) * (3 if method == "sau" else 1)
    top1 = 100 * skill.mean() * (1 - np.exp(-epochs / world.epochs * 4))
    curves = {"loss/total": loss, "test/top1": top1, "learning_rate": 0.01 + 0 * loss}
    history = pd.concat(
        pd.DataFrame(
            {"epoch": epochs, "name": k, "value": v + random.normal(0, 0.02 * v.std(), len(v))}
        )
        for k, v in curves.items()
    )
    put(place / "history.parquet", "history", history, made)
    correction = [
        (
            *(int(epoch), label, world.largest - real),
            int((world.largest - real) * 0.8 / epoch**0.5),
            *(
                (int((world.largest - real) * share) for share in (0.2, 0.1))
                if world.judged
                else (None, None)
            ),
        )
        for epoch in epochs
        for label, real in enumerate(world.real)
        if method == "sau"
    ]
    columns = ["epoch", "label", "synthetic", "noise", "wrong", "found"]
    table = pd.DataFrame(correction, columns=columns).astype("Int64")
    put(place / "label_correction.parquet", "label_correction", table, made)
    files.predictions.append(place / "predictions.parquet")
    files.histories.append(place / "history.parquet")
    files.label_corrections.append(place / "label_correction.parquet")


def write_members(folder: Path, world: World, data_seed: int) -> list[Path]:
    """Write the real members, and their complement."""
    real = [
        (f"train-{c}-{i + data_seed}", c, False) for c, n in enumerate(world.real) for i in range(n)
    ]
    synthetic = [
        (f"synthetic-{c}-{i}", c, True)
        for c, n in enumerate(world.real)
        for i in range(max(world.largest - n - world.shortage, 0) if world.synthetic else 0)
    ]
    made = {
        "real": ("subset", SubsetSettings(), real, {"validation_counts": [world.validation, 0]}),
        "synthetic": ("complement", ComplementSettings(), synthetic, {}),
    }
    for kind, (stage, settings, rows, facts) in made.items():
        frame = pd.DataFrame(rows, columns=["id", "label", "is_synthetic"]).assign(
            score=None, true_label=None
        )
        path = folder / f"members-{kind}-{data_seed}.parquet"
        put(path, "members", frame, provenance(stage, settings, {}, **facts))
    return [folder / f"members-{kind}-{data_seed}.parquet" for kind in made]


def write_images(folder: Path, world: World, files: Fake) -> None:
    """Write real and synthetic images, and which of the latter are kept."""
    random = np.random.default_rng(0)
    count = world.largest + max(world.data_seeds) + world.failed_real
    train = folder / "train.parquet"
    put_images(train, world, random, "train", count, failed=world.failed_real)
    size = world.test_images + world.failed_test
    put_images(folder / "test.parquet", world, random, "test", size, failed=world.failed_test)
    shard = folder / "synthetic-0.parquet"
    size = world.largest + 8 if world.synthetic else 0
    put_images(shard, world, random, "synthetic", size, failed=world.failed)
    files.synthetic_images.append(shard)
    images = manifest.read(shard, "images").to_pandas()
    good = images["status"] == "ok"
    score = pd.Series(random.normal(0.25, 0.03, len(images))).where(good & world.scored)
    rank = score.groupby(images["label"]).rank(ascending=False, method="first")
    kept = good & (rank <= world.largest) if world.scored else good
    reason = np.where(good, "by rank" if world.scored else "no scorer configured", "image failed")
    frame = images[["id", "label"]].assign(
        score=score, rank=rank.astype("Int32"), kept=kept, reason=reason
    )
    frame = frame.reindex(columns=manifest.SCHEMAS["kept"].names)  # no rule's column has a reason
    leak = {"mode": "off", "test_images": 0, "found": 0, "measures": []}
    made = provenance("filter", FilterSettings(leak="off"), {}, leak=leak)
    put(folder / "kept.parquet", "kept", frame, made)


def put(path: Path, kind: str, frame: pd.DataFrame, made: dict[str, Any]) -> None:
    """Write a frame as a manifest."""
    table = pa.Table.from_pandas(frame, manifest.SCHEMAS[kind], preserve_index=False)
    manifest.write(path, kind, table, made)
