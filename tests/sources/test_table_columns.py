import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sau.core.errors import UserError
from sau.sources.labels import read_labels
from sau.sources.parquet_table import list_parquet, open_parquet
from sau.sources.table_columns import Columns
from tests.sources.make_images import picture

IMAGES = [picture(i) for i in range(3)]


def listing(path, table, columns=None):
    pq.write_table(table, path)
    return list_parquet(
        path,
        columns or Columns("image", "label"),
        prefix="real",
        stem="t",
        labels_of=lambda column, schema: read_labels(column, schema, "label", "here").labels,
        key="k",
    )


def table(image=None, label=None, **others):
    image = pa.array(IMAGES, pa.binary()) if image is None else image
    return pa.table({"image": image, "label": [0, 1, 2] if label is None else label, **others})


@pytest.mark.parametrize("name", ["image", "label", "id"])
def test_column_that_stands_twice_is_refused(tmp_path, name):
    twice = table(id=["a", "b", "c"])
    twice = twice.append_column(name, twice[name])
    with pytest.raises(UserError, match=f"^k: .*2 columns are called '{name}'; expected one"):
        listing(tmp_path / "t.parquet", twice)


def test_column_that_is_not_read_may_stand_twice(tmp_path):
    other = table(x=[1, 2, 3]).append_column("x", pa.array([4, 5, 6]))
    other = other.append_column("label.more", pa.array([7, 8, 9]))
    assert listing(tmp_path / "t.parquet", other).labels.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("image", "label"),
    [
        (pa.array(IMAGES, pa.binary_view()), pa.array(["a", "b", "c"], pa.string_view())),
        (pa.array(IMAGES, pa.large_binary()), pa.array(["a", "b", "c"], pa.large_string())),
        (pa.array(IMAGES), pa.array(["a", "b", "c"]).dictionary_encode()),
        (
            pa.StructArray.from_arrays(
                [pa.array(IMAGES, pa.binary_view()), pa.array(["x"] * 3, pa.string_view())],
                ["bytes", "path"],
            ),
            pa.array([0, 1, 2], pa.uint8()),
        ),
    ],
    ids=["views", "large", "dictionary", "struct of views"],
)
def test_types_that_other_programs_write(tmp_path, image, label):
    found = listing(tmp_path / "t.parquet", table(image, label, prompt=["x", "y", "z"]))
    assert found.labels.tolist() == [0, 1, 2]
    for order in ([0, 1, 2], [2, 0]):
        records = list(found.take(np.array(order)).records())
        assert [record.data for record in records] == [IMAGES[place] for place in order]


@pytest.mark.parametrize(
    "image",
    [
        pa.array(["x"] * 3).cast(pa.binary(1)),
        pa.array([[1], [2], [3]], pa.list_(pa.uint8())),
        pa.array([{"bytes": "text", "path": "a"}] * 3),
        pa.array([{"bytes": b"x", "path": 1}] * 3),
        pa.StructArray.from_arrays([pa.array(IMAGES), pa.array(IMAGES)], ["bytes", "bytes"]),
        pa.nulls(3),
        pa.array([1, 2, 3]),
    ],
    ids=str,
)
def test_column_that_holds_no_images_is_one_line(tmp_path, image):
    with pytest.raises(UserError, match="k: .*column 'image' is of type .*expected encoded bytes"):
        listing(tmp_path / "t.parquet", table(image))


@pytest.mark.parametrize("columns", [Columns("", "label"), Columns("image", "")])
def test_column_without_a_name_is_one_line(tmp_path, columns):
    with pytest.raises(UserError, match="k: .*no column ''; known are image, label"):
        listing(tmp_path / "t.parquet", table(), columns)


def test_id_column_may_be_another_or_none(tmp_path):
    both = table(id=[7, 7, 7], name=["a", "b", "c"])
    with pytest.raises(UserError, match="id 'real/7' comes twice"):
        listing(tmp_path / "t.parquet", both)
    named = Columns("image", "label", id="name")
    assert listing(tmp_path / "t.parquet", both, named).ids == ["real/a", "real/b", "real/c"]
    counted = listing(tmp_path / "t.parquet", both, Columns("image", "label", id=""))
    assert counted.ids == [f"real/t/{row:08d}" for row in range(3)]
    with pytest.raises(UserError, match="no column 'nam'; did you mean 'name'?"):
        listing(tmp_path / "t.parquet", both, Columns("image", "label", id="nam"))


@pytest.mark.parametrize("ids", [[[1], [2], [3]], [b"a", b"b", b"c"], [True, False, None]])
def test_ids_that_are_no_names_are_one_line(tmp_path, ids):
    with pytest.raises(UserError, match="k: .*ids of type .*expected whole numbers or text"):
        listing(tmp_path / "t.parquet", table(id=pa.array(ids)))


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_row_without_an_id_is_one_line(tmp_path, missing):
    with pytest.raises(UserError, match="a row without a value in the id column"):
        listing(tmp_path / "t.parquet", table(id=pa.array([1.0, 2.0, missing])))


def test_rows_without_end_are_not_read(tmp_path):
    pq.write_table(table(), tmp_path / "t.parquet")
    assert open_parquet(tmp_path / "t.parquet", "k", most_rows=3)
    with pytest.raises(UserError, match="3 rows; expected at most 2"):
        open_parquet(tmp_path / "t.parquet", "k", most_rows=2)
