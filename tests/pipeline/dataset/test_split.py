import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sau.core.errors import UserError
from sau.pipeline.dataset.split import split_off_test
from sau.sources.record import Listing


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
