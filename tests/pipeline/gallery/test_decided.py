import numpy as np
import pandas as pd
import pytest

from sau.core.errors import UserError
from sau.pipeline.gallery.decided import decided_by, real_images, synthetic_images
from sau.storage.manifest.schemas import FILTER_RULES


def kept_table(*rows):
    """Return rows of (id, label, rank, score, reasons by rule or whether kept)."""
    frame = pd.DataFrame(
        [
            {"id": i, "label": label, "rank": rank, "score": score, "kept": decision is True}
            | dict.fromkeys(FILTER_RULES)
            | (decision if isinstance(decision, dict) else {})
            for i, label, rank, score, decision in rows
        ]
    )
    return frame.assign(reason="r").astype({"score": float, "rank": float})


def test_first_rule_that_rejects_decides():
    kept = kept_table(
        ("a", 0, 1, 0.3, True),
        ("b", 0, 2, 0.2, {"margin": "m", "dark": "d"}),
        ("c", 0, 3, 0.1, {"quota": "q"}),
        ("d", 0, np.nan, np.nan, False),
    )

    assert decided_by(kept).tolist() == [None, "dark", "quota", "failed"]


def test_images_stand_by_class_best_first_by_rank_then_score_the_failed_last():
    kept = kept_table(
        ("late", 1, 1, 0.9, True),
        ("failed", 0, np.nan, np.nan, False),
        ("unranked-low", 0, np.nan, 0.7, {"dark": "d"}),
        ("unranked-high", 0, np.nan, 0.8, {"dark": "d"}),
        ("second", 0, 2, 0.1, {"quota": "q"}),
        ("first", 0, 1, 0.2, True),
    )

    rows = synthetic_images(kept, None)

    assert rows["id"].tolist() == [
        "first",
        "second",
        "unranked-high",
        "unranked-low",
        "failed",
        "late",
    ]
    assert rows["kind"].tolist() == ["kept", *["rejected"] * 4, "kept"]


def test_measure_and_a_rule_of_one_name_are_kept_apart():
    kept = kept_table(("a", 0, 1, 0.3, {"margin": "below 0"}))
    scores = pd.DataFrame({"id": ["a"], "margin": [-0.5]})

    (row,) = synthetic_images(kept, scores).to_dict("records")

    assert (row["margin"], row["rejected_by_margin"]) == (-0.5, "below 0")


def test_scores_are_joined_by_id():
    kept = kept_table(("a", 0, 1, 0.3, True), ("b", 0, 2, 0.2, True))
    scores = pd.DataFrame({"id": ["b", "a"], "class_score": [2.0, 1.0]})

    assert synthetic_images(kept, scores)["class_score"].tolist() == [1.0, 2.0]


def test_scores_of_other_images_are_refused():
    kept = kept_table(("a", 0, 1, 0.3, True))

    with pytest.raises(UserError, match="2 images stand in only one of --kept and --scores.*'a'"):
        synthetic_images(kept, pd.DataFrame({"id": ["b"]}))


def test_real_images_stand_by_class_in_the_tables_order():
    rows = pd.DataFrame({"id": ["d", "c", "b", "a"], "label": [1, 0, 1, 0]})

    assert real_images(rows, None)["id"].tolist() == ["c", "a", "d", "b"]
    assert real_images(rows, ["a", "d"])["id"].tolist() == ["a", "d"]
    with pytest.raises(UserError, match="1 members are no training images, the first is 'x'"):
        real_images(rows, ["a", "x"])
