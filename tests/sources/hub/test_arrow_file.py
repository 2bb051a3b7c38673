import pyarrow as pa

from sau.sources.hub.arrow_file import open_arrow


def test_labels_do_not_hold_the_images_in_memory(tmp_path):
    columns = {"image": [b"x" * 100_000] * 100, "label": list(range(100))}
    table = pa.table(columns)
    path = tmp_path / "x.arrow"
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=30)
    del table
    part = open_arrow(path, "k")
    before = pa.total_allocated_bytes()
    labels = part.read(["label"])
    assert labels["label"].to_pylist() == columns["label"]
    assert pa.total_allocated_bytes() - before < 100_000
