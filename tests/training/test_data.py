from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sau.core.errors import UserError
from sau.data.sets import TrainingData
from sau.pipeline.training.image_facts import read_facts
from sau.pipeline.training.loading import load_test, load_training, load_validation
from tests.training.conftest import (
    Inputs,
    encode,
    image_row,
    pixels_of,
    random_images,
    write_members,
    write_rows,
)


def test_members_in_their_order(inputs: Inputs) -> None:
    data = load_training(
        inputs.members, inputs.train_images, inputs.synthetic_images, 3, "balanced"
    )
    pixels = pixels_of(data)
    assert pixels.shape == (24, 3, 8, 8)
    assert pixels.dtype == torch.uint8
    assert data.labels.dtype == torch.int64
    assert "spare-0" not in data.ids
    assert data.is_synthetic.tolist() == [not name.startswith("real") for name in data.ids]
    # `random_images` lifts the channel of the class.
    brightest = pixels_of(data).float().mean(dim=(2, 3)).argmax(dim=1)
    assert torch.equal(brightest, data.labels)
    assert data.labels.bincount().tolist() == [8, 8, 8]


def test_real_members_alone(inputs: Inputs) -> None:
    data = load_training(inputs.members[:1], inputs.train_images, [], 3, "real")
    assert data.ids == [f"real-{n}" for n in range(13)]
    assert not data.is_synthetic.any()


def test_mixed_order_and_grey_and_transparent_images(tmp_path: Path) -> None:
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8)
    colour = np.random.default_rng(0).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    rows = [
        image_row("s", 1, encode(colour, "RGBA")),
        image_row("r", 0, encode(grey)),
        image_row("t", 1, encode(colour)),
    ]
    members = write_members(tmp_path / "members.parquet", rows, [True, False, True])
    real = write_rows(tmp_path / "real.parquet", "images", rows[1:2])
    synthetic = write_rows(tmp_path / "synthetic.parquet", "images", [rows[2], rows[0]])
    data = load_training([members], [real], [synthetic], 2, "balanced")
    assert data.ids == ["s", "r", "t"]
    assert data.scores.dtype == torch.float32
    assert data.scores[[0, 2]].tolist() == [0, 0.25]
    assert data.scores[1].isnan()
    pixels = pixels_of(data)
    assert torch.equal(pixels[1], torch.from_numpy(grey).expand(3, 8, 8))
    assert torch.equal(pixels[0], torch.from_numpy(colour).permute(2, 0, 1))
    assert torch.equal(pixels[0], pixels[2])


def test_test_images_without_failed_ones(tmp_path: Path) -> None:
    rows = random_images("test", [0, 2, 1], seed=0)
    rows.insert(1, image_row("bad", 1, None, status="failed"))
    data = load_test([write_rows(tmp_path / "test.parquet", "images", rows)], 3)
    assert data.ids == ["test-0", "test-1", "test-2"]
    assert data.labels.tolist() == [0, 2, 1]
    with pytest.raises(UserError, match="no readable test image"):
        load_test([write_rows(tmp_path / "none.parquet", "images", rows[1:2])], 3)


def test_validation_images_come_from_the_real_ones(tmp_path: Path) -> None:
    real = random_images("real", [0, 2, 1, 0], seed=0)
    images = [write_rows(tmp_path / "train.parquet", "images", real)]
    held = write_members(tmp_path / "validation.parquet", [real[3], real[1]], [False] * 2)
    data = load_validation(held, images, 3)
    assert data is not None
    assert data.ids == ["real-3", "real-1"]
    assert data.labels.tolist() == [0, 2]
    assert pixels_of(data).float().mean(dim=(2, 3)).argmax(dim=1).tolist() == [0, 2]
    with pytest.raises(UserError, match="'real-1' has label 2, but .* 2 classes"):
        load_validation(held, images, 2)
    other = [write_rows(tmp_path / "other.parquet", "images", real[:3])]
    with pytest.raises(UserError, match="the first is 'real-3'"):
        load_validation(held, other, 3)


def test_validation_split_is_none_without_rows_or_file(tmp_path: Path) -> None:
    empty = write_members(tmp_path / "validation.parquet", [], [])
    assert load_validation(empty, [], 3) is None
    assert load_validation(None, [], 3) is None


def refuse(
    tmp_path: Path, match: str, real: list[Any], synthetic: list[Any], **change: Any
) -> None:
    members = change.get("members", real + synthetic)
    flags = [row in synthetic for row in members]
    paths = [
        write_members(tmp_path / "members.parquet", members, flags),
        write_rows(tmp_path / "real.parquet", "images", real),
        write_rows(tmp_path / "synthetic.parquet", "images", synthetic),
    ]
    data, classes = ("balanced" if any(flags) else "real"), change.get("classes", 3)
    with pytest.raises(UserError, match=match):
        load_training(paths[:1], [paths[1]], [paths[2]], classes, data)


def test_bad_input_is_refused(tmp_path: Path) -> None:
    real = random_images("real", [0, 1, 2], seed=0)
    made = random_images("made", [1, 2], seed=1)
    large = random_images("large", [1, 2], seed=1, side=9)
    failed = image_row("failed", 2, None, status="failed")
    broken = image_row("broken", 2, b"no image")
    refuse(tmp_path, "set dataset.image_size and images.image_size", real, large)
    refuse(tmp_path, "set images.image_size", real, made + large)
    refuse(tmp_path, "set dataset.image_size", real + large, made)
    refuse(tmp_path, "1 members have no readable image", real, made, members=[*real, failed])
    refuse(tmp_path, "the first is 'failed'", [*real, failed], made)
    refuse(tmp_path, "'broken' cannot be read", [*real, broken], made)
    refuse(tmp_path, "'real-2' has label 2, but .* 2 classes", real, made, classes=2)
    refuse(tmp_path, "1 training images", real, made, members=real[:1])


def test_true_labels_of_all_synthetic_members_or_of_none(tmp_path: Path) -> None:
    real = random_images("real", [0, 1, 2], seed=0)
    made = random_images("made", [1, 2], seed=1)
    images = [
        [write_rows(tmp_path / f"{name}.parquet", "images", rows)]
        for name, rows in (("real", real), ("made", made))
    ]

    def load(*true: int | None) -> TrainingData:
        flags = [False] * 3 + [True] * 2
        path = write_members(tmp_path / "all.parquet", real + made, flags, [None] * 3 + [*true])
        return load_training([path], *images, 3, "balanced")

    assert load(None, None).true_labels is None
    known = load(0, 2)
    assert known.true_labels is not None
    assert known.true_labels.tolist() == [0, 1, 2, 0, 2]
    assert known.labels.tolist() == [0, 1, 2, 1, 2]
    with pytest.raises(UserError, match="all.parquet: 1 of 2 synthetic members have no true label"):
        load(0, None)


def test_facts(tmp_path: Path, inputs: Inputs) -> None:
    facts = read_facts(inputs.train_images[0])
    assert facts.class_names == ["zero", "one", "two"]
    assert facts.normalisation.mean == (0.5, 0.4, 0.3)
    rows = random_images("real", [0], seed=0)
    lacking = write_rows(tmp_path / "a.parquet", "images", rows, {"class_names": ["a"]})
    with pytest.raises(UserError, match="lacks mean, std"):
        read_facts(lacking)
    flat = {"class_names": ["a"], "mean": [0.5] * 3, "std": [0.2, 0.0, 0.2]}
    with pytest.raises(UserError, match="numbers above 0"):
        read_facts(write_rows(tmp_path / "b.parquet", "images", rows, flat))
