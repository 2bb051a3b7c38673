import hashlib

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from sau.storage.manifest import content_hash
from sau.storage.manifest.content import joint_hash

rows = st.lists(
    st.fixed_dictionaries(
        {
            "text": st.none() | st.text(max_size=3),
            "number": st.none() | st.integers(-5, 5),
            "flag": st.none() | st.booleans(),
            "vector": st.none()
            | st.lists(st.none() | st.sampled_from([0.0, 0.5, -2.0]), max_size=3),
            "image": st.none()
            | st.fixed_dictionaries(
                {"bytes": st.none() | st.binary(max_size=3), "path": st.none()}
            ),
        }
    ),
    max_size=6,
)
SCHEMA = pa.schema(
    [
        ("text", pa.string()),
        ("number", pa.int32()),
        ("flag", pa.bool_()),
        ("vector", pa.list_(pa.float16())),
        ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
    ]
)


@given(rows, rows)
def test_equal_hashes_mean_equal_rows(first, second):
    one, two = (pa.Table.from_pylist(r, schema=SCHEMA) for r in (first, second))
    assert (content_hash(one) == content_hash(two)) == (first == second)


@given(rows, st.integers(0, 6))
def test_chunks_and_slices_do_not_count(values, cut):
    table = pa.Table.from_pylist(values, schema=SCHEMA)
    pieces = pa.concat_tables([table.slice(0, cut), table.slice(cut)])
    padded = pa.Table.from_pylist([{"text": "x"}, *values], schema=SCHEMA).slice(1)
    assert content_hash(pieces) == content_hash(table) == content_hash(padded)


def test_column_names_and_types_count():
    assert content_hash(pa.table({"a": [1]})) != content_hash(pa.table({"b": [1]}))
    as_int32 = pa.table({"a": pa.array([1], pa.int32())})
    assert content_hash(pa.table({"a": [1]})) != content_hash(as_int32)


def test_joint_hash_is_that_of_the_hashes_written_one_after_the_other():
    a, b = (content_hash(pa.table({"a": [n]})) for n in (1, 2))
    assert joint_hash([a]) == a
    assert joint_hash([a, b]) == hashlib.sha256(f"{a}{b}".encode()).hexdigest()
    assert len({joint_hash(hashes) for hashes in ([a], [b], [a, b], [b, a])}) == 4
