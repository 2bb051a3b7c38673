import pyarrow as pa
import pytest

from sau.core.errors import UserError
from sau.storage import manifest

NAMES = [f"{i:05d}" for i in range(20_000)]
ROWS = pa.table(
    {
        "id": NAMES,
        "label": [0] * 20_000,
        "is_synthetic": [False] * 20_000,
        "score": [None] * 20_000,
        "true_label": [None] * 20_000,
    }
)


def test_damaged_body_is_one_line(tmp_path):
    path = tmp_path / "members.parquet"
    manifest.write(path, "members", ROWS, {})
    data = bytearray(path.read_bytes())
    data[100:3000] = b"\xff" * 2900
    path.write_bytes(bytes(data))
    with pytest.raises(UserError, match=r"members\.parquet: (damaged|not a readable)"):
        manifest.read(path, "members")


def test_missing_manifest_is_refused():
    with pytest.raises(UserError, match="no manifest of scores given"):
        manifest.read([], "scores")


def test_facts_that_are_not_there(tmp_path):
    path = tmp_path / "members.parquet"
    manifest.write(path, "members", ROWS, {"seed": 1})
    assert manifest.read_facts(path, "members", "seed") == {"seed": 1}
    with pytest.raises(UserError, match="lacks 'class_names'"):
        manifest.read_facts(path, "members", "class_names")
    with pytest.raises(UserError, match="a manifest of members, expected one of images"):
        manifest.read_facts(path, "images", "seed")


@pytest.mark.parametrize("label", [-1, 2])
def test_labels_outside_the_range(tmp_path, label):
    labels = pa.chunked_array([[0, 1], [label]], pa.int32())
    with pytest.raises(UserError, match=f"1 labels outside the range, the first is {label}"):
        manifest.check_labels(tmp_path, labels, ["a", "b"])


def test_row_groups_are_bounded(tmp_path):
    import pyarrow.parquet as pq

    rows = [
        {"id": str(i), "image": {"bytes": bytes(2**20)}, "label": 0, "status": "ok"}
        for i in range(100)
    ]
    table = pa.Table.from_pylist(rows, schema=manifest.SCHEMAS["images"])
    manifest.write(tmp_path / "images.parquet", "images", table, {})
    assert pq.ParquetFile(tmp_path / "images.parquet").num_row_groups == 2
    assert manifest.read(tmp_path / "images.parquet", "images").equals(table)
