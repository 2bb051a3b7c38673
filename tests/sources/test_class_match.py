import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sau.core.errors import UserError
from sau.sources.class_match import labels_by_order, labels_of_names, relabel
from sau.sources.record import Listing

FRUIT = ["apple", "prickly pear", "fig"]


def labels(names, class_names=FRUIT):
    return labels_of_names(names, class_names, "here")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["apple"], [0]),
        (["fig", "Apple"], [2, 0]),
        (["prickly_pear", "fig"], [1, 2]),
        (["Prickly-Pear"], [1]),
        (["2", "0"], [2, 0]),
    ],
)
def test_classes_are_found_by_name_spelling_or_index(names, expected):
    assert labels(names) == expected


@pytest.mark.parametrize("name", ["aple", "-1", "", "\u00b2"])
def test_unknown_class_is_refused(name):
    with pytest.raises(UserError, match="here: no class is called"):
        labels([name])


def test_unknown_class_hints_at_the_nearest():
    with pytest.raises(UserError, match="did you mean 'apple'"):
        labels(["appel"])


def test_names_and_indices_are_not_mixed():
    with pytest.raises(UserError, match="'2'.*though one is called 'apple'.*not mixed"):
        labels(["apple", "2"])


def test_numbers_that_are_names_are_never_indices():
    numbered = [str(number) for number in range(12)]
    assert labels([str(number) for number in range(11)], numbered) == list(range(11))
    with pytest.raises(UserError, match="no class is called '12'"):
        labels([str(number) for number in range(1, 13)], numbered)
    from_one = [str(number) for number in range(1, 12)]
    padded = [f"{number:03d}" for number in range(1, 12)]
    assert labels(padded, from_one) == list(range(11))
    with pytest.raises(UserError, match="no class is called '012'"):
        labels([*padded, "012"], from_one)


@pytest.mark.parametrize("name", ["-1", "\u22121", "+1", "1.0", "1e0", "0x1", "\u00b9"])
def test_sign_or_form_of_a_number_is_part_of_it(name):
    with pytest.raises(UserError, match="no class is called"):
        labels([name], ["1", "2"])


def test_negative_numbers_are_names_of_their_own():
    names = ["-1", "0", "1"]
    assert labels(["1", "-1"], names) == [2, 0]
    assert labels(["\u22121"], names) == [0]


def test_index_out_of_range_is_refused():
    with pytest.raises(UserError, match="'3' is neither the name of a class nor an index, 0 to 2"):
        labels(["1", "2", "3"])


def test_classes_of_one_name_are_distinguished_by_index_only():
    assert labels(["1", "0"], ["crane", "crane"]) == [1, 0]
    with pytest.raises(UserError, match=r"classes \[0, 1\]"):
        labels(["crane"], ["crane", "crane"])


def test_exact_name_comes_before_a_spelling():
    names = ["Crane", "crane", "CRANE"]
    assert labels(names, names) == [0, 1, 2]
    with pytest.raises(UserError, match=r"'cRANE' is the name of classes \[0, 1, 2\]"):
        labels(["cRANE"], names)


NAMES = st.lists(
    st.text("aA1 -_0é", min_size=1, max_size=4).filter(lambda name: name.strip(" -_")),
    min_size=1,
    max_size=6,
    unique=True,
)


@given(NAMES, NAMES)
def test_names_are_right_or_refused(class_names, names):
    """A name is never read as another class's index while it is some class's name."""
    try:
        found = labels(names, class_names)
    except UserError:
        return
    for name, label in zip(names, found, strict=True):
        if name in class_names:
            assert class_names[label] == name
        elif name == str(label):
            assert not any(other.strip().isdecimal() for other in class_names)


@given(st.permutations(["zero", "one", "two", "three"]))
def test_given_names_of_the_source_reorder_it(order):
    own = ["zero", "one", "two", "three"]
    found = labels_by_order(own, order, "here")
    assert [order[label] for label in found] == own


def test_given_titles_keep_the_sources_order():
    assert labels_by_order(["n1", "n2"], ["tench", "goldfish"], "here") == [0, 1]
    assert labels_by_order(["cat", "dog"], ["cat", "hound"], "here") == [0, 1]


def test_given_names_partly_the_sources_at_other_places_are_refused():
    with pytest.raises(UserError, match="is called 'cat', which is name 1"):
        labels_by_order(["cat", "dog"], ["hound", "cat"], "here")


def test_relabelled_images_stay_themselves():
    rows = np.arange(3)
    listing = Listing(["a", "b", "c"], np.array([0, 1, 2]), rows, lambda wanted: [])
    again = relabel(listing, [2, 0, 1])
    assert again.labels.tolist() == [2, 0, 1]
    assert again.ids == listing.ids
