"""Classes that a shipped model has never seen are said, once."""

import pytest

from sau.assets.unseen_classes import KNOWN, warn_of_unseen_classes
from sau.pipeline.dataset.digits import CLASS_NAMES


def test_shipped_models_know_the_shipped_data_sets_classes():
    assert list(KNOWN) == CLASS_NAMES


@pytest.mark.parametrize(
    ("model", "class_names", "named"),
    [
        ("tiny-glide", ["dog", "Seven", "dog"], "of dog it knows nothing"),
        ("tiny-clip", ["ant", "bee", "cat", "dog", "elk"], "of ant, bee, cat and 2 more classes"),
        ("tiny-clip", ["7"], "of 7 it knows nothing"),
        ("tiny-clip", ["Seven", "one"], None),
        ("models/glide", ["dog"], None),
    ],
)
def test_unseen_classes_are_named_once(model, class_names, named, caplog):
    warn_of_unseen_classes("section", ((model, name) for name in class_names))
    assert len(caplog.records) == (named is not None)
    assert (named or "") in caplog.text
