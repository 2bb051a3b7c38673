import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sau import manifest
from sau.errors import UserError
from sau.filter.keep import keep_top_fraction
from sau.filter.settings import FilterSettings
from sau.filter.stage import filter


def frame(scores, labels, status=None):
    return pd.DataFrame(
        {
            "id": [f"{i:03d}" for i in range(len(scores))],
            "label": labels,
            "score": np.array(scores, dtype=np.float32),
            "status": status or ["ok"] * len(scores),
        }
    )


def slow_keep(table, fraction):
    """The rule from its sentence: per class, best score first, ties by id, ceil(fraction n)."""
    kept = set()
    for label in set(table["label"]):
        rows = [r for r in table.to_dict("records") if r["label"] == label]
        rows.sort(key=lambda r: (-r["score"], r["id"]))
        kept |= {r["id"] for r in rows[: math.ceil(round(fraction * len(rows), 9))]}
    return kept


@given(
    st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.3]), st.integers(0, 2)), min_size=1),
    st.floats(0.01, 1),
)
def test_equals_the_slow_rule_and_empties_no_class(rows, fraction):
    table = frame([s for s, _ in rows], [label for _, label in rows])
    out = keep_top_fraction(table, fraction)
    assert set(out.loc[out["kept"], "id"]) == slow_keep(table, fraction)
    assert set(out.loc[out["kept"], "label"]) == set(table["label"])
    assert out["id"].tolist() == table["id"].tolist()


def test_ties_and_one_are_exact():
    table = frame([0.5] * 6, [0] * 6)
    assert keep_top_fraction(table, 0.5)["kept"].tolist() == [True] * 3 + [False] * 3
    assert keep_top_fraction(table, 1.0)["kept"].all()


def test_floating_point_does_not_keep_one_more():
    assert keep_top_fraction(frame([0.5] * 160, [0] * 160), 0.8)["kept"].sum() == 128


def test_failed_images_are_rows_with_a_reason():
    out = keep_top_fraction(frame([np.nan, 0.2], [0, 0], ["failed", "ok"]), 1.0)
    assert out["kept"].tolist() == [False, True]
    assert out["reason"].iloc[0] == "image failed"
    assert out["rank"].isna().tolist() == [True, False]


def write_scores(path, table):
    rows = pa.Table.from_pandas(table.assign(reason=None), preserve_index=False)
    manifest.write(path, "scores", rows, {})


def test_without_a_scorer_every_image_is_kept_and_says_so(tmp_path):
    write_scores(tmp_path / "s.parquet", frame([np.nan] * 3, [0, 1, 1], ["unscored"] * 3))
    filter(
        [tmp_path / "s.parquet"], tmp_path / "k.parquet", settings=FilterSettings(keep_fraction=1.0)
    )
    kept = manifest.read(tmp_path / "k.parquet", "kept").to_pandas()
    assert kept["kept"].all()
    assert set(kept["reason"]) == {"no scorer configured"}
    with pytest.raises(UserError, match="no scores to rank by"):
        filter([tmp_path / "s.parquet"], tmp_path / "k.parquet", settings=FilterSettings())
