"""The dataset stage holds few images at once, however many there are."""

import tracemalloc

import pyarrow as pa
import pytest

from sau.data.statistics import PixelStatistics
from sau.pipeline.dataset.settings import DatasetSettings
from sau.pipeline.dataset.stage import dataset, read_images
from sau.storage import manifest
from tests.sources.make_images import picture, put, put_table

COUNT, SIDE = 150, 40
BYTES = COUNT * SIDE * SIDE * 3
"""Noise, which no format makes smaller."""


def image_folder(folder):
    for number in range(COUNT):
        put(folder / "ab"[number % 2] / f"{number}.png", picture(number, (SIDE, SIDE)))
    return {"source": "image-folder", "folder": str(folder)}


def table(folder):
    """Classes take turns, so rows are wanted in another order than the file has."""
    rows = [{"image": picture(n, (SIDE, SIDE)), "label": n % 2} for n in range(COUNT)]
    put_table(folder / "t.parquet", rows, row_group_size=10)
    return {"source": "parquet", "train_file": str(folder / "t.parquet")}


@pytest.mark.parametrize("put", [image_folder, table])
@pytest.mark.parametrize("changes", [{}, {"image_size": SIDE - 1}])
def test_images_are_not_all_in_memory_at_once(put, changes, tmp_path, monkeypatch):
    settings = DatasetSettings(**put(tmp_path / "source"), test_per_class=2, **changes)
    held = []
    add = PixelStatistics.add

    def watched(self, image):
        held.append(tracemalloc.get_traced_memory()[0] + pa.total_allocated_bytes())
        add(self, image)

    monkeypatch.setattr(PixelStatistics, "add", watched)
    read_images(settings, tmp_path, batch_rows=5)  # for what is imported on the way
    held.clear()
    tracemalloc.start()
    try:
        tables = read_images(settings, tmp_path, batch_rows=5)[1:3]
    finally:
        tracemalloc.stop()
    assert len(held) == COUNT - 4
    assert max(held) - min(held) < BYTES / 3
    assert [table.num_rows for table in tables] == [COUNT - 4, 4]
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_manifests_have_the_same_bytes_wherever_their_rows_wait(tmp_path, monkeypatch):
    settings = DatasetSettings(**image_folder(tmp_path / "source"), test_per_class=2)
    (tmp_path / "source" / "a" / "0.png").write_bytes(b"no image")
    paths = [tmp_path / f"{name}.parquet" for name in ("train", "test")]
    dataset(*paths, settings=settings)
    found = [path.read_bytes() for path in paths]

    def in_memory(batches, schema, folder):
        assert folder == tmp_path
        return pa.Table.from_batches(batches, schema)

    monkeypatch.setattr("sau.sources.table.spool", in_memory)
    dataset(*paths, settings=settings)
    assert [path.read_bytes() for path in paths] == found
    tables = read_images(settings, tmp_path, batch_rows=7)[1:3]
    assert [len(table.to_batches()) for table in tables] == [21, 1]
    assert [
        table.equals(manifest.read(path, "images"))
        for table, path in zip(tables, paths, strict=True)
    ] == [True] * 2
    rows = manifest.read(paths[0], "images")
    assert manifest.read_metadata(paths[0])["content_sha256"] == manifest.content_hash(rows)
