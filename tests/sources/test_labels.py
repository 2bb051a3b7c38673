import json

import numpy as np
import pyarrow as pa
import pytest

from sau.core.errors import UserError
from sau.sources import class_match
from sau.sources.labels import (
    labels_by_exact_name,
    labels_for_classes,
    labels_from_indices,
    names_for_indices,
    read_labels,
)

NAMES = ["ant", "bee"]


def column(values, kind=None):
    return pa.chunked_array([pa.array(values, kind)])


def schema(names=None):
    """A table's schema whose label column is a ClassLabel of `names`, or bare."""
    bare = pa.schema([("label", pa.int64())])
    info = {"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}}
    return bare if names is None else bare.with_metadata({"huggingface": json.dumps(info)})


def for_classes(values, class_names=NAMES, stored=None):
    read = read_labels(column(values), schema(stored), "label", "here")
    return labels_for_classes(read, class_names, "here")


@pytest.mark.parametrize(
    "values",
    [[0, 1], [0.0, 1.0], ["ant", "Bee"], ["0", "1"], ["ant ", "bee"]],
)
def test_indices_and_names(values):
    labels = for_classes(values)
    assert labels.tolist() == [0, 1]
    assert labels.dtype == np.int64


@pytest.mark.parametrize(
    "text",
    [
        "ant\u200b",
        "\ufeffant",
        "\u200eant",
        "an\u00adt",
        "a\u200dnt",
        "\u00a0ant\u2003",
        "ant\u2060",
    ],
)
def test_what_nobody_sees_of_a_name_makes_no_class(text):
    assert read_labels(column(["ant", text, "bee"]), schema(), "label", "here").names == NAMES
    assert for_classes([text, "bee"]).tolist() == [0, 1]


def test_label_of_which_nothing_is_seen_is_empty():
    with pytest.raises(UserError, match="an empty label in row 1"):
        read_labels(column(["ant", "\u200b"]), schema(), "label", "here")


def test_joiners_that_words_need_stay():
    names = ["\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "sea  lion"]
    assert read_labels(column(names), schema(), "label", "here").names == ["sea lion", names[0]]


@pytest.mark.parametrize("name", ["", " ", "\u200b", None, ["ant"], True, {"a": 1}, 1.5])
def test_stored_name_that_is_none_is_refused(name):
    with pytest.raises(UserError, match="an empty name, or one that is no text, for class 1"):
        read_labels(column([0, 1]), schema(["ant", name]), "label", "here")


def test_names_in_a_dictionary():
    encoded = column(["bee", "ant", "bee"]).dictionary_encode()
    read = read_labels(encoded, schema(), "label", "here")
    assert labels_for_classes(read, NAMES, "here").tolist() == [1, 0, 1]


def test_stored_class_labels_are_matched_by_name():
    found = for_classes([0, 1, 2], ["cat", "dog", "bird"], ["bird", "cat", "dog"])
    assert found.tolist() == [2, 0, 1]
    read = read_labels(column([0, 1]), schema(["bird", "cat"]), "label", "here")
    assert labels_by_exact_name(read, ["cat", "bird"], "here").tolist() == [1, 0]
    with pytest.raises(UserError, match="no class is called 'cow'"):
        for_classes([0], ["cat", "dog"], ["cow", "cat"])
    assert for_classes([1], ["cat", "dog"], ["cow", "cat"]).tolist() == [0], "no row is a cow"


@pytest.mark.parametrize(
    "text",
    ["no JSON", "[" * 100_000, '{"info": 3}', '{"info": {"features": {"label": {"names": 1}}}}'],
)
def test_metadata_that_names_no_classes_leaves_bare_indices(text):
    bare = pa.schema([("label", pa.int64())]).with_metadata({"huggingface": text})
    assert read_labels(column([0, 1]), bare, "label", "here").names is None


def test_class_label_with_a_name_twice_is_refused():
    with pytest.raises(UserError, match="its ClassLabel names 'cat' twice"):
        for_classes([0, 1], NAMES, ["cat", "cat "])


def test_text_of_any_length_is_a_name():
    with pytest.raises(
        UserError, match="'9{80}[.]{3}' is neither the name of a class nor"
    ) as error:
        for_classes(["9" * 5000, "1"])
    assert len(str(error.value)) < 300


def test_bare_numbers_of_classes_called_by_numbers_are_refused():
    assert for_classes([0, 1], ["0", "1"]).tolist() == [0, 1]
    with pytest.raises(UserError, match="0 may be the name of a class or the index of 'fox'"):
        for_classes([0], ["fox", "0"])
    with pytest.raises(UserError, match="may be the name of a class or the index of"):
        for_classes([0, 1], ["1", "2"])


def test_spaces_around_a_name_make_no_second_class():
    read = read_labels(column(["cat", "cat ", " dog"]), schema(), "label", "here")
    assert (read.names, read.labels.tolist()) == (["cat", "dog"], [0, 0, 1])


@pytest.mark.parametrize("empty", ["", "  "])
def test_empty_name_is_refused(empty):
    with pytest.raises(UserError, match=r"an empty label in row 1 \(1 such rows\)"):
        for_classes(["ant", empty])


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
        for_classes(values)


def test_names_of_bare_indices_are_given_or_the_indices():
    labels = labels_from_indices(column([0, 1, 1]), "here")
    assert names_for_indices(labels, [], "here") == ["0", "1"]
    assert names_for_indices(labels, NAMES, "here") == NAMES


def test_indices_far_apart_do_not_fill_the_memory():
    labels = labels_from_indices(column([0, 10**15]), "here")
    with pytest.raises(UserError, match="number the classes from 0 without gaps"):
        names_for_indices(labels, [], "here")


def test_class_names_are_not_spelt_again_for_each_name(monkeypatch):
    """There may be thousands, and every shard of imported images looks for all of them."""
    plain_name, spelt = class_match.plain_name, []

    def watched(name):
        spelt.append(name)
        return plain_name(name)

    monkeypatch.setattr(class_match, "plain_name", watched)
    names = [f"class {i}" for i in range(100)]
    found = for_classes([f"Class_{i}" for i in range(100)], names)
    assert found.tolist() == list(range(100))
    assert len(spelt) == 200
