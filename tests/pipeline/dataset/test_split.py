import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sau.core.errors import UserError
from sau.pipeline.dataset.settings import DatasetSettings
from sau.pipeline.dataset.split import number_tested, split_off_test, split_test_off
from sau.sources.record import Listing, Payload


def listing(labels):
    labels = np.array(labels, dtype=np.int64)
    return Listing(
        [str(i) for i in range(len(labels))], labels, np.arange(len(labels)), lambda _: []
    )


@given(st.integers(1, 4), st.lists(st.integers(0, 2), max_size=20), st.integers(0, 5))
def test_images_are_in_one_split_each(per_class, extra, seed):
    labels = [0, 1, 2] * (per_class + 1) + extra
    train, test = split_off_test(listing(labels), per_class, ["a", "b", "c"], seed)
    assert sorted(train.ids + test.ids, key=int) == listing(labels).ids
    assert np.bincount(test.labels).tolist() == [per_class] * 3
    assert train.ids == sorted(train.ids, key=int)
    assert test.ids == sorted(test.ids, key=int)


def test_split_must_leave_one_image_to_train_on():
    with pytest.raises(UserError, match="class 'b' has only 2 images, expected at least 3"):
        split_off_test(listing([0, 0, 0, 1, 1]), 2, ["a", "b"], 0)


def of_bytes(labels, contents):
    """A listing whose images are the given bytes."""
    labels = np.array(labels, dtype=np.int64)
    return Listing(
        [str(i) for i in range(len(labels))],
        labels,
        np.arange(len(labels)),
        lambda rows: (Payload(data=contents[row]) for row in rows),
    )


def settings(**values):
    return DatasetSettings(**{"source": "digits", **values})


@pytest.mark.parametrize(
    ("count", "expected"), [(1, 0), (3, 0), (4, 1), (10, 3), (20, 5), (30, 6), (1000, 200)]
)
def test_share_gives_up_no_more_than_a_class_can_spare(count, expected):
    assert number_tested(count, settings(test_split="share")) == expected
    labels = [0] * count + [1] * 40
    contents = [str(i).encode() for i in range(len(labels))]
    _, test = split_test_off(of_bytes(labels, contents), ["a", "b"], settings(test_split="share"))
    assert np.bincount(test.labels, minlength=2).tolist() == [expected, 8]


@given(st.lists(st.integers(0, 12), min_size=12, max_size=40), st.integers(0, 3))
def test_copies_are_on_one_side_of_a_share(copies, seed):
    labels = [0] * (len(copies) // 2) + [1] * (len(copies) - len(copies) // 2)
    listed = of_bytes(labels, [bytes([content]) for content in copies])
    train, test = split_test_off(listed, ["a", "b"], settings(test_split="share", seed=seed))
    assert sorted(train.ids + test.ids, key=int) == listed.ids
    assert not {copies[int(i)] for i in train.ids} & {copies[int(i)] for i in test.ids}
    assert set(train.labels) == {0, 1}


@given(st.lists(st.integers(0, 30), min_size=12, max_size=40), st.integers(2, 5))
def test_folds_test_every_image_once_or_train_on_it_alone(copies, folds):
    labels = [place % 2 for place in range(len(copies))]
    listed = of_bytes(labels, [bytes([content]) for content in copies])
    tested = []
    for fold in range(folds):
        chosen = settings(test_split="folds", folds=folds, fold=fold)
        train, test = split_test_off(listed, ["a", "b"], chosen)
        assert not {copies[int(i)] for i in train.ids} & {copies[int(i)] for i in test.ids}
        assert set(train.labels) == {0, 1}
        tested += test.ids
    assert len(set(tested)) == len(tested)
    torn = set(copies[::2]) & set(copies[1::2])
    for label in (0, 1):
        own = set(copies[label::2]) - torn
        expected = [i for i in listed.ids if int(i) % 2 == label and copies[int(i)] in own]
        assert {i for i in tested if int(i) % 2 == label} == set(expected if len(own) > 1 else [])


def test_folds_are_of_equal_size_and_keep_the_classes_shares():
    labels = [0] * 23 + [1] * 7
    listed = of_bytes(labels, [bytes([i]) for i in range(30)])
    sizes = []
    for fold in range(5):
        chosen = settings(test_split="folds", fold=fold)
        _, test = split_test_off(listed, ["a", "b"], chosen)
        sizes.append(np.bincount(test.labels, minlength=2))
    assert np.ptp(sizes, axis=0).tolist() == [1, 1]


def test_another_class_moves_no_image_of_a_class():
    contents = [bytes([i]) for i in range(50)]
    for how in ("share", "folds"):
        drawn = [
            split_test_off(
                of_bytes([0] * 20 + [1] * more, contents[: 20 + more]),
                ["a", "b"],
                settings(test_split=how),
            )[1]
            for more in (8, 30)
        ]
        first = [[i for i in test.ids if int(i) < 20] for test in drawn]
        assert first[0] == first[1] != []


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"test_split": "share", "test_per_class": 9}, "test_per_class: 9 has no effect with"),
        ({"test_split": "share", "test_share": 0.5}, "test_share: 0.5 is more than"),
        ({"test_split": "folds", "folds": 3, "fold": 3}, "fold: 3, but there are .* expected 0 to"),
        ({"folds": 3}, "folds: 3 has no effect with dataset.test_split per-class, only with folds"),
    ],
)
def test_keys_of_another_split_are_refused(values, message):
    with pytest.raises(UserError, match=message):
        settings(**values)
