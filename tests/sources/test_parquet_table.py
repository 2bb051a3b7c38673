import numpy as np
import pyarrow as pa
import pytest

from sau.core.errors import UserError
from sau.sources.labels import labels_from_indices
from sau.sources.parquet_table import list_parquet
from sau.sources.table_columns import Columns
from tests.sources.make_images import damage_column, picture, put, put_table


def rows(count=20):
    return [{"image": bytes([i]), "label": i % 3, "text": f"no {i}"} for i in range(count)]


def listing(path, columns=None, **options):
    return list_parquet(
        path,
        columns or Columns("image", "label"),
        prefix="real",
        stem="t",
        labels_of=lambda column, _: labels_from_indices(column, "here"),
        key="k",
        **options,
    )


def test_rows_come_in_any_order_from_many_row_groups(tmp_path):
    put_table(tmp_path / "t.parquet", rows(), row_group_size=7)
    images = listing(tmp_path / "t.parquet", Columns("image", "label", "text"), batch_rows=2)
    for wanted in ([], [19], [0, 1, 2], [13, 2, 19, 7, 6, 14], list(range(20))[::-1]):
        found = list(images.take(np.array(wanted, dtype=np.int64)).records())
        assert [record.data for record in found] == [bytes([i]) for i in wanted]
        assert [record.prompt for record in found] == [f"no {i}" for i in wanted]
        assert [record.id for record in found] == [f"real/t/{i:08d}" for i in wanted]
        assert [record.label for record in found] == [i % 3 for i in wanted]


def test_images_as_hugging_face_has_them_and_as_paths(tmp_path):
    put(tmp_path / "a.png", picture(0))
    structs = [{"bytes": b"x", "path": "b.png"}, {"bytes": None, "path": "a.png"}, None]
    put_table(tmp_path / "s.parquet", [{"image": image, "label": 0} for image in structs])
    found = list(listing(tmp_path / "s.parquet").records())
    assert [(r.data, r.path) for r in found] == [
        (b"x", None),
        (None, tmp_path / "a.png"),
        (None, None),
    ]
    put_table(tmp_path / "p.parquet", [{"image": "a.png", "label": 0}])
    assert next(listing(tmp_path / "p.parquet").records()).path == tmp_path / "a.png"


def test_ids_of_a_column(tmp_path):
    table = [{"id": name, "image": b"", "label": 0} for name in ("b", "real/a", "7")]
    put_table(tmp_path / "t.parquet", table)
    assert listing(tmp_path / "t.parquet").ids == ["real/b", "real/a", "real/7"]
    put_table(tmp_path / "t.parquet", [*table, table[0], table[2]])
    with pytest.raises(UserError, match="id 'real/b' comes twice"):
        listing(tmp_path / "t.parquet")
    put_table(tmp_path / "t.parquet", [*table, {"id": None, "image": b"", "label": 0}])
    with pytest.raises(UserError, match="without a value in the id column"):
        listing(tmp_path / "t.parquet")


def test_table_that_holds_no_images_is_refused(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        listing(tmp_path / "t.parquet")
    with pytest.raises(UserError, match="a folder, expected one Parquet file"):
        listing(tmp_path)
    put(tmp_path / "t.parquet", b"PAR1 no more")
    with pytest.raises(UserError, match="not a readable Parquet file"):
        listing(tmp_path / "t.parquet")
    put_table(tmp_path / "t.parquet", [{"img": b"", "labels": 0}])
    with pytest.raises(UserError, match=r"no column 'image'; (did you mean 'img'|known are)"):
        listing(tmp_path / "t.parquet")
    put_table(tmp_path / "t.parquet", [{"image": 1.5, "label": 0}])
    with pytest.raises(UserError, match="is of type double; expected encoded bytes"):
        listing(tmp_path / "t.parquet")
    schema = pa.schema([("image", pa.binary()), ("label", pa.int64())])
    put_table(tmp_path / "t.parquet", [], schema)
    with pytest.raises(UserError, match="no rows"):
        listing(tmp_path / "t.parquet")


@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_damaged_page_is_one_line(tmp_path, compression):
    path = tmp_path / "t.parquet"
    put_table(path, rows(), compression=compression)
    images = listing(path)
    damage_column(path, "image")
    for wanted in (images, images.take(np.arange(20)[::-1])):
        with pytest.raises(
            UserError, match="^k: .*t.parquet: damaged .*; fetch or write"
        ) as caught:
            list(wanted.records())
        assert "\n" not in str(caught.value)
    damage_column(path, "label")
    with pytest.raises(UserError, match="^k: .*t.parquet: damaged .*; fetch or write"):
        listing(path)


def test_text_that_is_no_utf_8_is_damage(tmp_path):
    path = tmp_path / "t.parquet"
    table = [{**row, "prompt": f"words {i}"} for i, row in enumerate(rows())]
    put_table(path, table, compression="none", use_dictionary=False)
    images = listing(path, Columns("image", "label", "prompt"))
    put(path, path.read_bytes().replace(b"words 7", b"words \xff"))
    with pytest.raises(UserError, match="t.parquet: damaged .*UTF"):
        list(images.records())
    put_table(path, [{**row, "id": f"row {i}"} for i, row in enumerate(rows())], compression="none")
    put(path, path.read_bytes().replace(b"row 12", b"row \xff\xff"))
    with pytest.raises(UserError, match="t.parquet: damaged .*UTF"):
        listing(path)
    put_table(path, table)
    put(path, path.read_bytes().replace(b"prompt", b"prom\xff\xff"))
    with pytest.raises(UserError, match="t.parquet: not a readable Parquet file .*utf-8"):
        listing(path)


def test_table_that_lost_rows_meanwhile_is_damage(tmp_path):
    put_table(tmp_path / "t.parquet", rows())
    images = listing(tmp_path / "t.parquet")
    put_table(tmp_path / "t.parquet", rows(15))
    with pytest.raises(UserError, match="damaged .images of fewer rows than labels"):
        list(images.records())
