import json

import numpy as np
import pyarrow as pa
import pytest

from sau.core.errors import UserError
from sau.sources import naming
from sau.sources.labels import labels_for_classes, labels_from_indices, names_for_indices

NAMES = ["ant", "bee"]


def column(values, kind=None):
    return pa.chunked_array([pa.array(values, kind)])


@pytest.mark.parametrize("values", [[0, 1], [0.0, 1.0], ["ant", "Bee"], ["0", "bee"]])
def test_indices_and_names(values):
    labels = labels_for_classes(column(values), NAMES, "here")
    assert labels.tolist() == [0, 1]
    assert labels.dtype == np.int64


def test_names_in_a_dictionary():
    encoded = column(["bee", "ant", "bee"]).dictionary_encode()
    assert labels_for_classes(encoded, NAMES, "here").tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0, -1], "label -1 in row 1, expected 0 to 1"),
        ([2, 0], "label 2 in row 0, expected 0 to 1"),
        ([0, float("nan")], "label nan in row 1"),
        ([0, 0.5], "label 0.5 in row 1"),
        ([0, float("inf")], "label inf in row 1"),
        ([0, None], "no label in row 1"),
        (["ant", None], "no label in row 1"),
        (["ant", "beee"], "no class is called 'beee'; did you mean 'bee'"),
        ([True, False], "labels of type bool"),
        ([b"ant"], "labels of type binary"),
    ],
)
def test_labels_of_no_class(values, message):
    with pytest.raises(UserError, match=message):
        labels_for_classes(column(values), NAMES, "here")


def test_names_are_given_stored_or_the_indices():
    labels = labels_from_indices(column([0, 1, 1]), "here")
    bare = pa.schema([("label", pa.int64())])
    info = {"info": {"features": {"label": {"names": ["a", "b"], "_type": "ClassLabel"}}}}
    stored = bare.with_metadata({"huggingface": json.dumps(info)})
    assert names_for_indices(labels, bare, "label", [], "here") == ["0", "1"]
    assert names_for_indices(labels, stored, "label", [], "here") == ["a", "b"]
    assert names_for_indices(labels, stored, "label", NAMES, "here") == NAMES
    with pytest.raises(UserError, match="3 names, but here has 2 classes"):
        names_for_indices(labels, stored, "label", [*NAMES, "cat"], "here")


def test_indices_far_apart_do_not_fill_the_memory():
    labels = labels_from_indices(column([0, 10**15]), "here")
    with pytest.raises(UserError, match="number the classes from 0 without gaps"):
        names_for_indices(labels, pa.schema([]), "label", [], "here")


def test_class_names_are_not_spelt_anew_for_each_name(monkeypatch):
    """There may be thousands, and every shard of imported images looks for all of them."""
    plain_name, spelt = naming.plain_name, []
    monkeypatch.setattr(naming, "plain_name", lambda name: spelt.append(name) or plain_name(name))
    names = [f"class {i}" for i in range(100)]
    found = labels_for_classes(column([f"Class_{i}" for i in range(100)]), names, "here")
    assert found.tolist() == list(range(100))
    assert len(spelt) == 200
