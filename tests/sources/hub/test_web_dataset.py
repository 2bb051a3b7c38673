import io
import json
import tarfile
import tracemalloc

import numpy as np
import pytest

from sau.core.errors import UserError
from sau.sources.hub.web_dataset import open_tar
from sau.sources.table_columns import Columns
from tests.sources.hub.hub_folders import put_tar
from tests.sources.make_images import put

PLAIN = Columns("image", "label")


def rows_of(path, members, columns=PLAIN):
    put_tar(path, members)
    part = open_tar(path, "k", columns)
    names = [name for name in part.schema.names if name != columns.image]
    table = part.read(names)
    found = part.rows_of([columns.image], np.arange(table.num_rows))
    images = [row[columns.image] for batch in found for row in batch.to_pylist()]
    return images, table.to_pydict()


def test_labels_of_cls_are_indices_or_names(tmp_path):
    members = [("a/0.jpg", b"A"), ("a/0.cls", b"3\n"), ("a/1.CLS", b"0"), ("a/1.JPG", b"B")]
    images, said = rows_of(tmp_path / "x.tar", members)
    assert images == [b"A", b"B"]
    assert said == {"label": [3, 0], "id": ["x/a/0", "x/a/1"]}


def test_json_gives_label_prompt_and_id(tmp_path):
    columns = Columns("image", "y", "text", "uid")
    members = [("0.png", b"A"), ("0.json", b'{"y": "cat", "text": "a cat", "uid": 7}')]
    images, said = rows_of(tmp_path / "x.tar", members, columns)
    assert images == [b"A"]
    assert said == {"y": ["cat"], "text": ["a cat"], "uid": [7]}


def test_member_of_its_own_is_the_prompt(tmp_path):
    members = [("0.png", b"A"), ("0.cls", b"1"), ("0.txt", b"a cat ")]
    _, said = rows_of(tmp_path / "x.tar", members, Columns("image", "label", "txt"))
    assert said["txt"] == ["a cat"]


def test_one_of_several_images_is_named(tmp_path):
    members = [("0.jpg", b"A"), ("0.seg.png", b"B"), ("0.png", b"C"), ("0.cls", b"1")]
    with pytest.raises(UserError, match="sample '0' has several images, jpg and png; name one"):
        rows_of(tmp_path / "x.tar", members)
    assert rows_of(tmp_path / "x.tar", members, Columns("jpg", "label"))[0] == [b"A"]
    assert rows_of(tmp_path / "x.tar", members, Columns("seg.png", "label"))[0] == [b"B"]


def test_sample_without_an_image_is_a_row_that_fails(tmp_path):
    images, said = rows_of(tmp_path / "x.tar", [("0.cls", b"1"), ("1.png", b"A"), ("1.cls", b"2")])
    assert images == [None, b"A"]
    assert said["label"] == [1, 2]


def test_links_devices_and_folders_are_passed_over(tmp_path):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE):
            member = tarfile.TarInfo("0.png")
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
        member = tarfile.TarInfo("0.cls")
        member.size = 1
        archive.addfile(member, io.BytesIO(b"1"))
    put(tmp_path / "x.tar", buffer.getvalue())
    part = open_tar(tmp_path / "x.tar", "k", PLAIN)
    (batch,) = part.rows_of(["image"], np.arange(1))
    assert batch.to_pylist() == [{"image": None}]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([("0.png", b"A")], "sample '0' has no label; expected a member that ends in .cls"),
        ([("0.cls", b"\xff"), ("0.png", b"")], "what is said of sample '0' is no UTF-8"),
        ([("0.json", b"[1]"), ("0.png", b"")], "the .json of sample '0' holds no object"),
        ([("0.json", b"{"), ("0.png", b"")], "the .json of sample '0' is not readable"),
        ([("0.cls", b"1"), ("0.cls", b"1")], "0.cls comes twice"),
        ([("0.cls", b"1" * 2**21)], "a cls of more than 1,048,576 bytes"),
    ],
)
def test_tars_that_are_refused(tmp_path, members, message):
    with pytest.raises(UserError, match=f"^k: .*x.tar: .*{message}") as caught:
        rows_of(tmp_path / "x.tar", members)
    assert "\n" not in str(caught.value)


def test_what_is_not_asked_for_stays_on_the_disk(tmp_path):
    """A caption of 100 kB beside each of 200 labels."""
    said = json.dumps({"label": "cat", "caption": "x" * 100_000}).encode()
    pairs = [((f"{n}.png", b"A"), (f"{n}.json", said)) for n in range(200)]
    put_tar(tmp_path / "x.tar", [member for pair in pairs for member in pair])
    tracemalloc.start()
    try:
        part = open_tar(tmp_path / "x.tar", "k", PLAIN)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert part.read(["label"])["label"].to_pylist() == ["cat"] * 200
    assert most < 5_000_000


def test_damaged_tar_is_one_line(tmp_path):
    path = tmp_path / "x.tar"
    put(path, b"no tar" * 200)
    with pytest.raises(UserError, match="not a readable tar file .*expected an uncompressed one"):
        open_tar(path, "k", PLAIN)
    put_tar(path, [("0.cls", b"1"), ("0.png", b"A" * 5000)])
    whole = path.read_bytes()
    part = open_tar(path, "k", PLAIN)
    put(path, whole[:3000])
    with pytest.raises(UserError, match="not a readable tar file .shorter than when"):
        list(part.rows_of(["image"], np.arange(1)))
    with pytest.raises(UserError, match="not a readable tar file"):
        open_tar(path, "k", PLAIN)
