import itertools

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sau.pipeline.gallery.choose import choose, evenly, fair_shares


def hand_out(sizes, total):
    """Share one by one, in turn."""
    shares = [0] * len(sizes)
    while total and shares != list(sizes):
        for group, size in enumerate(sizes):
            if shares[group] < size and total:
                shares[group] += 1
                total -= 1
    return shares


@given(st.lists(st.integers(0, 12), max_size=8), st.integers(0, 60))
def test_shares_are_those_of_handing_out_in_turn(sizes, total):
    assert fair_shares(sizes, total).tolist() == hand_out(sizes, total)


@given(st.integers(2, 200), st.integers(2, 200))
def test_even_choice_has_both_ends_and_equal_steps(one, other):
    wanted, count = sorted((one, other))
    chosen = evenly(count, wanted).tolist()
    assert (len(chosen), chosen[0], chosen[-1]) == (wanted, 0, count - 1)
    steps = {after - before for before, after in itertools.pairwise(chosen)}
    assert max(steps) - min(steps) <= 1
    assert min(steps) >= 1


def test_even_choice_of_one_or_none():
    assert evenly(5, 1).tolist() == [2]
    assert evenly(1, 1).tolist() == [0]
    assert evenly(5, 0).tolist() == []


def images(groups):
    """Return the rows of (label, kind, rule, number) groups, numbered within each."""
    rows = [
        {"label": label, "kind": kind, "decided_by": rule, "number": number}
        for label, kind, rule, count in groups
        for number in range(count)
    ]
    return pd.DataFrame(rows, columns=["label", "kind", "decided_by", "number"])


def counts(chosen, *keys):
    return chosen.groupby(list(keys), dropna=False).size().to_dict()


def test_images_that_fit_are_shown_by_class_and_kind():
    rows = images([(1, "rejected", "dark", 2), (0, "kept", None, 3), (0, "real", None, 1)])

    chosen = choose(rows, per_class=5, in_all=100)

    assert chosen.columns.tolist() == rows.columns.tolist()
    assert list(chosen[["label", "kind", "number"]].itertuples(index=False, name=None)) == [
        (0, "real", 0),
        (0, "kept", 0),
        (0, "kept", 1),
        (0, "kept", 2),
        (1, "rejected", 0),
        (1, "rejected", 1),
    ]


def test_images_of_more_are_the_best_the_worst_and_equal_steps_between():
    chosen = choose(images([(0, "kept", None, 101)]), per_class=5, in_all=100)

    assert chosen["number"].tolist() == [0, 25, 50, 75, 100]


def test_rule_that_rejected_few_is_seen_beside_one_that_rejected_many():
    rows = images(
        [(0, "rejected", "top_fraction", 997), (0, "rejected", "dark", 2), (0, "rejected", "x", 1)]
    )

    chosen = choose(rows, per_class=10, in_all=100)

    assert counts(chosen, "decided_by") == {"top_fraction": 7, "dark": 2, "x": 1}


def test_page_has_so_many_images_at_most_shared_among_classes_and_kinds():
    rows = images([(label, kind, None, 9) for label in range(4) for kind in ("real", "kept")])

    chosen = choose(rows, per_class=9, in_all=20)

    assert len(chosen) == 20
    assert set(counts(chosen, "label", "kind").values()) == {2, 3}


def test_class_and_kind_show_one_image_however_many_these_are():
    rows = images([(label, "kept", None, 9) for label in range(50)])

    chosen = choose(rows, per_class=9, in_all=7)

    assert counts(chosen, "label") == dict.fromkeys(range(50), 1)


def test_choice_of_no_image():
    assert choose(images([]), per_class=3, in_all=3).empty


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1]])
def test_chosen_rows_keep_their_order(order):
    rows = images([(0, "rejected", rule, 1) for rule in ("dark", "blurred", "margin")])

    chosen = choose(rows.iloc[order], per_class=3, in_all=9)

    assert chosen["decided_by"].tolist() == rows["decided_by"].iloc[order].tolist()
