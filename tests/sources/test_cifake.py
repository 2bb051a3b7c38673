import pytest

from sau.core.errors import UserError
from sau.sources.cifake import list_cifake
from tests.sources.make_images import (
    cifake_rows,
    damage_column,
    picture,
    put,
    put_cifake_parquet,
    put_cifake_tree,
    put_table,
)


def rows_of(listing):
    return [(r.id, r.label, r.data or r.path.read_bytes()) for r in listing.records()]


@pytest.mark.parametrize("kind", ["REAL", "FAKE"])
def test_tree_and_parquet_are_the_same(tmp_path, kind):
    put_cifake_parquet(tmp_path / "parquet", "train", kind)
    put_cifake_tree(tmp_path / "tree", "train", kind)
    one, two = (list_cifake(tmp_path / form, "train", kind, "k") for form in ("parquet", "tree"))
    assert rows_of(one) == rows_of(two)
    assert one.labels.tolist() == [label for label in range(10) for _ in range(3)]
    first, number = ("real", "0001") if kind == "REAL" else ("synthetic", "1001")
    assert one.ids[4] == f"{first}/train/1/{number}"


def test_bytes_go_with_their_label(tmp_path):
    put_cifake_parquet(tmp_path, "test", "REAL")
    wanted = {(row["label"], row["index"]): row["image"] for row in cifake_rows("REAL")}
    for record in list_cifake(tmp_path, "test", "REAL", "k").records():
        label, index = record.id.split("/")[2:]
        assert record.data == wanted[int(label), int(index)]


def test_folder_of_neither_form_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"expected train_fake.parquet or the folder train/FAKE"):
        list_cifake(tmp_path, "train", "FAKE", "images.folder")
    (tmp_path / "train" / "FAKE").mkdir(parents=True)
    with pytest.raises(UserError, match="no images found"):
        list_cifake(tmp_path, "train", "FAKE", "images.folder")


@pytest.mark.parametrize("name", ["cat.jpg", "1 (11).jpg", "1 (1).jpg", "1 (0).jpg", "a/1.jpg"])
def test_name_of_no_class(tmp_path, name):
    put(tmp_path / "train" / "REAL" / name, picture(0))
    with pytest.raises(UserError, match="is no name of CIFAKE"):
        list_cifake(tmp_path, "train", "REAL", "k")


def test_image_twice(tmp_path):
    for name in ("7 (2).jpg", "0007 (2).jpg"):
        put(tmp_path / "train" / "REAL" / name, picture(0))
    with pytest.raises(UserError, match=r"'real/train/1/0007' comes twice"):
        list_cifake(tmp_path, "train", "REAL", "k")


def test_table_of_another_schema(tmp_path):
    put_table(tmp_path / "train_real.parquet", [{"labels": 0, "index": 0, "image": b""}])
    with pytest.raises(UserError, match="no column 'label'; did you mean 'labels'"):
        list_cifake(tmp_path, "train", "REAL", "k")
    put_table(tmp_path / "train_real.parquet", [{"label": 10, "index": 0, "image": b""}])
    with pytest.raises(UserError, match="label 10 in row 0, expected 0 to 9"):
        list_cifake(tmp_path, "train", "REAL", "k")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"label": "cat"}, "column 'label' is of type string; expected whole numbers"),
        ({"index": "a"}, "column 'index' is of type string; expected whole numbers"),
        ({"label": True}, "column 'label' is of type bool; expected whole numbers"),
        ({"label": 0.5}, "column 'label': label 0.5 in row 0"),
        ({"index": None}, "column 'index' is of type null; expected whole numbers"),
    ],
)
def test_labels_and_indices_are_whole_numbers(tmp_path, changes, message):
    row = {"label": 0, "index": 0, "image": b""} | changes
    put_table(tmp_path / "train_real.parquet", [row])
    with pytest.raises(UserError, match=f"^k: .*train_real.parquet: {message}"):
        list_cifake(tmp_path, "train", "REAL", "k")


def test_damaged_table(tmp_path):
    put_cifake_parquet(tmp_path, "train", "REAL")
    images = list_cifake(tmp_path, "train", "REAL", "k")
    damage_column(tmp_path / "train_real.parquet", "image")
    with pytest.raises(UserError, match="^k: .*train_real.parquet: damaged"):
        list(images.records())
    damage_column(tmp_path / "train_real.parquet", "index")
    with pytest.raises(UserError, match="^k: .*train_real.parquet: damaged"):
        list_cifake(tmp_path, "train", "REAL", "k")
