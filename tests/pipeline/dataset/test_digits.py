"""Digits of scikit-learn."""

import numpy as np

from tests.sources.make_images import (
    pixels_of,
)


def test_digits_split_is_fixed(run):
    train, test, facts = run()
    assert (len(train), len(test)) == (1297, 500)
    assert [sum(row["label"] == label for row in test) for label in range(10)] == [50] * 10
    assert facts["counts"] == [128, 132, 127, 133, 131, 132, 131, 129, 124, 130]
    assert facts["class_names"][3] == "three"
    ids = [row["id"] for row in train + test]
    assert sorted(ids) == [f"real/digits/{index:04d}" for index in range(1797)]
    assert [(row["label"], row["id"]) for row in train] == sorted(
        (row["label"], row["id"]) for row in train
    )
    assert [row["id"][-4:] for row in test[:5]] == ["0055", "0126", "0185", "0202", "0208"]


def test_digits_show_scikit_learns_values(run):
    from sklearn.datasets import load_digits

    train, _, _ = run()
    digits = load_digits()
    for row in train[::200]:
        index = int(row["id"][-4:])
        assert row["label"] == digits.target[index]
        grey = np.rint(digits.images[index] * 255 / 16)
        assert np.array_equal(pixels_of(row["image"]["bytes"]), np.stack([grey] * 3, axis=2))


def test_digits_resized_and_another_seed(run):
    train, test, _ = run(image_size=16, images_per_class=3)
    assert {(row["width"], row["height"]) for row in train + test} == {(16, 16)}
    assert len(train) == 30
    _, other, _ = run(seed=1)
    assert {row["id"] for row in other} != {row["id"] for row in test}
