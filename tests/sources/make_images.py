"""Small pictures and folders of them, for the tests of all sources."""

import errno
import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image


def encode(image, file_format="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def picture(seed, size=(8, 8), file_format="PNG"):
    """A noisy RGB picture that no other seed gives, encoded."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return encode(Image.fromarray(pixels), file_format)


def pixels_of(data):
    with Image.open(io.BytesIO(data)) as image:
        assert image.mode == "RGB"
        return np.asarray(image)


def put(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def refuse_reading(monkeypatch):
    """Let no file be read, as permissions do to everybody but root."""

    def refuse(path, *_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("sau.storage.regular.os.open", refuse)


def put_classes(folder, counts, seed=0):
    """Write `<folder>/<class>/<number>.png`, numbers from 0 without leading zeros."""
    for index, (name, count) in enumerate(counts.items()):
        for number in range(count):
            put(folder / name / f"{number}.png", picture((seed, index, number)))


def put_table(path, rows, schema=None, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema), path, **options)


def damage_column(path, name):
    """Write over the pages of a column, as a bad disk does; what the file says of itself stays."""
    group = pq.ParquetFile(path).metadata.row_group(0)
    columns = [group.column(i) for i in range(group.num_columns)]
    chunk = next(column for column in columns if column.path_in_schema == name)
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    data = bytearray(path.read_bytes())
    for place in range(start, start + chunk.total_compressed_size):
        data[place] ^= 0xA5
    path.write_bytes(data)


def cifake_rows(kind, per_class=3, classes=10):
    """Rows as in CIFAKE's Parquet files, in no order; FAKE counts from 1000."""
    start = 1000 if kind == "FAKE" else 0
    rows = [
        {
            "label": label,
            "index": start + i,
            "image": picture((len(kind), label, i), file_format="JPEG"),
        }
        for i in reversed(range(per_class))
        for label in range(classes)
    ]
    return rows[1:] + rows[:1]


def put_cifake_parquet(folder, split, kind, **options):
    fields = [("label", pa.int16()), ("index", pa.int32()), ("image", pa.binary())]
    path = folder / f"{split}_{kind.lower()}.parquet"
    put_table(path, cifake_rows(kind, **options), pa.schema(fields))


def put_cifake_tree(folder, split, kind, **options):
    for row in cifake_rows(kind, **options):
        suffix = f" ({row['label'] + 1})" if row["label"] else ""
        put(folder / split / kind / f"{row['index']:04d}{suffix}.jpg", row["image"])


def folder_settings(folder, **settings):
    """Settings of the dataset stage for a folder of class folders."""
    return {"source": "image-folder", "folder": str(folder), "test_per_class": 1, **settings}
