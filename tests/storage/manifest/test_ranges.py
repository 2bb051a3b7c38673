import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sau.core.errors import UserError
from sau.storage import manifest
from sau.storage.manifest.ranges import CHOICES, RANGES
from tests.storage.made import CLASSES, table_of


def with_value(kind: str, column: str, value: Any) -> pa.Table:
    """Return a table of a kind with another value in its second row."""
    table = table_of(kind)
    rows = table.to_pylist()
    rows[1][column] = [0.5, value] if column == "embedding" else value
    return pa.Table.from_pylist(rows, table.schema)


@pytest.mark.parametrize(
    ("kind", "column", "value"),
    [
        *(("metrics", "top1_last", value) for value in (1000.0, -0.5, math.nan, math.inf)),
        ("metrics", "top1_best_on_test", 100.5),
        ("metrics", "train_real", -1),
        ("metrics", "split", "most"),
        ("scores", "score", math.inf),
        ("scores", "score", 1.5),
        ("scores", "margin", -2.5),
        ("scores", "zero_shot", 3),
        ("scores", "embedding", math.nan),
        ("scores", "status", "fine"),
        ("kept", "score", -math.inf),
        ("kept", "rank", 0),
        ("members", "label", -1),
        ("members", "label", 3),
        ("members", "score", math.inf),
        ("predictions", "predicted", 3),
        ("predictions", "confidence", 1.5),
        ("predictions", "epoch", 0),
        ("predictions", "selection", "first"),
        ("history", "value", math.nan),
        ("label_correction", "noise", 10),
        ("label_correction", "synthetic", -1),
        ("draws", "draws", -1),
        ("draws", "kept", 6),
        ("images", "width", 0),
        ("images", "status", "OK"),
        ("prompts", "source", "mine"),
    ],
)
def test_value_outside_its_range_is_refused_when_read(
    tmp_path: Path, kind: str, column: str, value: Any
) -> None:
    path = tmp_path / f"{kind}.parquet"
    manifest.write(path, kind, with_value(kind, column, value), {"class_names": CLASSES})
    with pytest.raises(UserError, match=rf"{kind}.parquet: 1 values of {column} outside the range"):
        manifest.read(path, kind)
    others = [name for name in manifest.SCHEMAS[kind].names if name != column]
    assert manifest.read(path, kind, columns=others[:3]).num_rows > 1


@pytest.mark.parametrize("value", [None, 1.004, -1.004])
def test_rounding_and_what_is_not_measured_are_in_the_range(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "scores.parquet"
    manifest.write(path, "scores", with_value("scores", "score", value), {})
    assert manifest.read(path, "scores").num_rows == 8


def test_labels_have_no_upper_bound_where_no_classes_are_named(tmp_path: Path) -> None:
    path = tmp_path / "members.parquet"
    manifest.write(path, "members", with_value("members", "label", 7), {})
    assert manifest.read(path, "members").num_rows == 8


def test_ranges_are_of_columns_that_there_are() -> None:
    for kind, columns in [*RANGES.items(), *CHOICES.items()]:
        assert set(columns) <= set(manifest.SCHEMAS[kind].names)
