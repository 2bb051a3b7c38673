"""ImageNet-LT's long tail: its published facts, through complement and shots."""

import numpy as np
import pyarrow as pa
import pytest

from sau.longtail.complement import complement_counts, draw_complement
from sau.metrics import shots
from sau.pipeline.complement.settings import ComplementSettings
from sau.pipeline.complement.stage import complement
from sau.pipeline.evaluation.metrics import metrics_table
from sau.pipeline.evaluation.settings import EvaluationSettings
from sau.pipeline.subset.settings import SubsetSettings
from sau.pipeline.subset.stage import real_counts, subset
from sau.storage import manifest

CLASSES = 1000
IMAGES = 115_846
MANY, MEDIUM, FEW = 385, 479, 136
LARGEST, SMALLEST = 1280, 5
NAMES = [f"n{label:08d}" for label in range(CLASSES)]


def imagenet_lt_counts():
    """Counts with all of those facts, in an order of their own: as in the data, not by size.

    The bounds of the shots, 101, 100, 21 and 20 images, all occur.
    """
    few = np.linspace(20, SMALLEST, FEW).astype(np.int64)
    medium = np.linspace(100, 21, MEDIUM).astype(np.int64)
    many = np.full(MANY, 101)
    many[0] = LARGEST
    rest = IMAGES - few.sum() - medium.sum() - many.sum()
    falling = np.arange(MANY - 2, 0, -1)  # what is over, but for the largest and the last class
    many[1:-1] += rest * falling // falling.sum()
    many[1] += IMAGES - few.sum() - medium.sum() - many.sum()
    counts = np.concatenate([many, medium, few])
    return np.random.default_rng(0).permutation(counts)


def mixed_labels(counts):
    return np.random.default_rng(1).permutation(np.repeat(np.arange(len(counts)), counts))


@pytest.fixture(scope="module")
def counts():
    found = imagenet_lt_counts()
    assert (len(found), found.sum(), found.max(), found.min()) == (CLASSES, IMAGES, LARGEST, 5)
    assert {101, 100, 21, 20} <= set(found.tolist())
    return found


def bounds():
    settings = EvaluationSettings()
    return {"many_above": settings.many_above, "few_at_most": settings.few_at_most}


def test_protocol_as_is_keeps_the_counts_and_the_complement_fills_them_to_the_largest(counts):
    kept, factor = real_counts(mixed_labels(counts), NAMES, "as-is", SubsetSettings())
    assert kept == counts.tolist()
    assert factor == LARGEST / SMALLEST == 256
    lacking = complement_counts(kept)
    assert [a + b for a, b in zip(kept, lacking, strict=True)] == [LARGEST] * CLASSES
    assert sum(lacking) == CLASSES * LARGEST - IMAGES == 1_164_154


def test_complement_is_drawn_without_replacement(counts):
    lacking = complement_counts(counts.tolist())
    synthetic = mixed_labels([LARGEST] * CLASSES)
    drawn = draw_complement(synthetic, lacking, seed=0)
    assert len(np.unique(drawn)) == len(drawn) == sum(lacking)
    assert np.bincount(synthetic[drawn], minlength=CLASSES).tolist() == lacking


def test_shots_are_those_of_the_publication(counts):
    names, sizes = np.unique(shots(counts, **bounds()), return_counts=True)
    assert dict(zip(names.tolist(), sizes.tolist(), strict=True)) == {
        "many": MANY,
        "medium": MEDIUM,
        "few": FEW,
    }


def test_stages_and_metrics_count_real_images_alone(tmp_path, counts):
    """With the complement every class has 1280 images; the shots must not change by that."""
    labels = mixed_labels(counts)
    write_images(tmp_path / "train.parquet", labels)
    write_kept(tmp_path / "kept.parquet")
    train, kept, *members, held = (
        tmp_path / f"{name}.parquet"
        for name in ("train", "kept", "real", "synthetic", "validation")
    )
    tail = {"imbalance_factor": "as-is", "data_seed": 0, "settings": SubsetSettings()}
    subset(train, members[0], held, **tail)
    settings = ComplementSettings(on_shortage="underfill")
    complement(members[0], kept, members[1], settings=settings)
    members = manifest.read(members, "members")
    real = members.filter(pa.compute.invert(members["is_synthetic"]))
    assert real.num_rows == len(set(real["id"].to_pylist())) == IMAGES
    assert np.bincount(real["label"]).tolist() == counts.tolist()

    rows = metrics_table(wrong_on_few(counts), members, CLASSES, **bounds()).to_pylist()
    by_split = {row["split"]: row for row in rows[:4]}
    shot = {"many": MANY, "medium": MEDIUM, "few": FEW, "all": CLASSES}
    assert {name: row["test_images"] for name, row in by_split.items()} == {
        name: 50 * classes for name, classes in shot.items()
    }
    assert by_split["all"]["train_real"] == IMAGES
    assert by_split["few"]["train_real"] == counts[counts <= 20].sum()
    top1 = {name: row["top1_last"] for name, row in by_split.items()}
    assert top1 == {"many": 100, "medium": 100, "few": 0, "all": pytest.approx(86.4)}


def write_images(path, labels):
    schema = manifest.SCHEMAS["images"]
    known = {
        "id": [f"real/train/{index}.JPEG" for index in range(len(labels))],
        "label": labels,
        "status": ["ok"] * len(labels),
    }
    columns = [
        pa.array(known[field.name], field.type)
        if field.name in known
        else pa.nulls(len(labels), field.type)
        for field in schema
    ]
    facts = {"class_names": NAMES, "dataset": "imagenet-lt"}
    manifest.write(path, "images", pa.table(columns, schema=schema), facts)


def write_kept(path):
    """Two hundred kept synthetic images of each class: more than any tail class has real ones."""
    rows = [
        {"id": f"synthetic/{label}/{i}", "label": label, "kept": True, "reason": "test"}
        for label in range(CLASSES)
        for i in range(200)
    ]
    table = pa.Table.from_pylist(rows, schema=manifest.SCHEMAS["kept"])
    manifest.write(path, "kept", table, {"class_names": NAMES, "dataset": "imagenet-lt"})


def wrong_on_few(counts):
    """Predictions for 50 test images of each class, right unless it has 20 real ones or fewer."""
    labels = np.repeat(np.arange(CLASSES), 50)
    predicted = np.where(counts[labels] <= 20, (labels + 1) % CLASSES, labels)
    parts = [
        pa.table(
            {
                "selection": [name] * len(labels),
                "label": pa.array(labels, pa.int32()),
                "predicted": pa.array(predicted, pa.int32()),
                "confidence": np.full(len(labels), 0.9),
                "label_probability": np.where(predicted == labels, 0.9, 0.05),
            }
        )
        for name in ("last", "best_on_test")
    ]
    return pa.concat_tables(parts)
