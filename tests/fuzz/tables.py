"""Strategies for tables of images as pandas, polars, datasets and exporters write them."""

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from tests.fuzz.painted import colour_of, painted

NAMES = ["cat", "dog", "emu", "fox", "gnu", "3", "0", "1", "2", "New York", "Élan", "010"]

NUMBERS = [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint64(), pa.float64()]
NUMBERS += [pa.string(), pa.decimal128(19, 0), pa.float32()]
TEXTS = [pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string()), pa.string_view()]
IMAGES = ["binary", "large_binary", "binary_view", "struct", "struct reversed", "fixed list"]


class Drawn:
    """A table, the classes its rows show, in row order, and what its labels are."""

    def __init__(self, table: pa.Table, shown: Sequence[int], kind: str) -> None:
        self.table, self.shown, self.kind = table, shown, kind

    def __repr__(self) -> str:
        return f"{self.kind}: {self.shown} {self.table.schema} {self.table.column(1)[:9]}"


@st.composite
def tables(draw: st.DrawFn, names: Sequence[str], most: int = 12, start: int = 0) -> Drawn:
    """Draw a table of pictures of the classes `names`; rows are of classes in any order."""
    shown = draw(st.lists(st.integers(0, len(names) - 1), min_size=1, max_size=most))
    if draw(st.sampled_from([True, True, False])):
        shown += [*range(len(names)), *range(len(names))]
    kind = draw(
        st.sampled_from(["names", "names", "class label", "class label", "index", "from 1"])
    )
    metadata: dict[str, str] = {}
    if kind == "names":
        labels = pa.array([names[k] for k in shown], pa.string()).cast(draw(st.sampled_from(TEXTS)))
    elif kind == "class label":
        order = draw(st.permutations(range(len(names))))
        labels = pa.array([order.index(k) for k in shown], draw(st.sampled_from(NUMBERS[:4])))
        label = {"names": [names[k] for k in order], "_type": "ClassLabel"}
        metadata = {"huggingface": json.dumps({"info": {"features": {"label": label}}})}
    else:
        numbers = pa.array([k + (kind == "from 1") for k in shown], pa.int64())
        labels = numbers.cast(draw(st.sampled_from(NUMBERS)))
    data = [painted(colour_of(k), start + i) for i, k in enumerate(shown)]
    columns = {"image": images(draw(st.sampled_from(IMAGES)), data), "label": labels}
    if draw(st.sampled_from([False, False, True])):
        columns["id"] = pa.array(range(len(shown)))
    table = pa.table(columns)
    if draw(st.sampled_from([False] * 9 + [True])):
        table = table.append_column("label", labels)
    return Drawn(table.replace_schema_metadata(metadata or None), shown, kind)


def images(form: str, data: Sequence[bytes]) -> pa.Array:
    """Return encoded pictures as a column of some form."""
    if form.startswith("struct"):
        fields = {
            "bytes": pa.array(data, pa.binary()),
            "path": pa.array([None] * len(data), pa.string()),
        }
        keys = list(fields) if form == "struct" else list(fields)[::-1]
        return pa.StructArray.from_arrays([fields[key] for key in keys], keys)
    kinds: dict[str, Any] = {
        "binary": pa.binary(),
        "large_binary": pa.large_binary(),
        "binary_view": pa.binary_view(),
    }
    if form in kinds:
        return pa.array(data, kinds[form])
    return pa.array([list(each) for each in data], pa.list_(pa.uint8()))
