import numpy as np
import pytest
from PIL import Image

from sau.sources.record import listing_of_files
from sau.sources.table import images_table
from sau.storage.manifest import SCHEMAS
from tests.sources.make_images import encode, picture, pixels_of, put


def bad_files():
    whole = picture(0, (16, 16), "JPEG")
    grey = Image.new("L", (4, 4), 7)
    return {
        "corrupt.png": b"\x89PNG\r\n\x1a\n" + b"\0" * 40,
        "truncated.jpg": whole[: len(whole) // 2],
        "empty.png": b"",
        "text.png": b"this is no picture",
        "grey.png": encode(grey),
        "rgba.png": encode(Image.new("RGBA", (4, 4), (1, 2, 3, 128))),
        "cmyk.jpg": encode(Image.new("CMYK", (4, 4)), "JPEG"),
        "palette.gif": encode(grey.convert("P"), "GIF"),
        "good.jpg": whole,
    }


@pytest.fixture
def listing(tmp_path):
    for name, data in bad_files().items():
        put(tmp_path / name, data)
    files = [tmp_path / name for name in [*bad_files(), "gone.png"]]
    return listing_of_files([file.name for file in files], np.zeros(len(files), np.int64), files)


def test_rows_come_out_as_many_as_go_in(listing):
    seen = []
    table = images_table(listing, image_size=None, description="test", on_image=seen.append)
    assert table.schema.equals(SCHEMAS["images"])
    rows = {row["id"]: row for row in table.to_pylist()}
    assert list(rows) == listing.ids
    failed = {name for name, row in rows.items() if row["status"] == "failed"}
    assert failed == {"corrupt.png", "truncated.jpg", "empty.png", "text.png", "gone.png"}
    for name, row in rows.items():
        assert (row["image"] is None) == (row["width"] is None) == (name in failed)
        assert bool(row["reason"]) == (name in failed)
    assert rows["gone.png"]["reason"] == "file cannot be read: No such file or directory"
    assert len(seen) == 5


def test_bytes_are_kept_unless_converted(listing):
    rows = {r["id"]: r for r in images_table(listing, image_size=None, description="").to_pylist()}
    assert rows["good.jpg"]["image"]["bytes"] == bad_files()["good.jpg"]
    for name in ("grey.png", "rgba.png", "cmyk.jpg", "palette.gif"):
        data = rows[name]["image"]["bytes"]
        assert data.startswith(b"\x89PNG")
        assert data != bad_files()[name]
        assert pixels_of(data).shape == (4, 4, 3)


def test_resized_rows(listing):
    table = images_table(listing, image_size=6, description="")
    good = [row for row in table.to_pylist() if row["status"] == "ok"]
    assert {(row["width"], row["height"]) for row in good} == {(6, 6)}
    assert {pixels_of(row["image"]["bytes"]).shape for row in good} == {(6, 6, 3)}


def test_batches_do_not_change_the_rows(listing):
    whole = images_table(listing, image_size=None, description="")
    for limits in ({"batch_rows": 3}, {"batch_bytes": 100}):
        table = images_table(listing, image_size=None, description="", **limits)
        assert table.equals(whole)
        assert len(table.to_batches()) > 1


def test_listing_without_rows():
    empty = listing_of_files([], np.zeros(0, np.int64), [])
    assert images_table(empty, image_size=None, description="").num_rows == 0
