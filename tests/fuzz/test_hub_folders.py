"""Data sets in the Hub's formats: labels of every kind, one or two shards, bytes that are bad."""

import csv
import io
import json
import shutil
import tarfile
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from sau.sources.labels import hugging_face_names
from tests.fuzz.outcomes import check_command, inputs
from tests.fuzz.painted import check_names, colour_of
from tests.fuzz.tables import Drawn, tables
from tests.fuzz.test_imports import REAL, called_as, images_words
from tests.sources.hub.hub_folders import put_tar

FORMATS = ("parquet", "arrow", "csv", "jsonl", "tar")


@st.composite
def drawn_sets(draw: st.DrawFn) -> tuple[tuple[str, ...], list[str], Drawn, str, int]:
    """Draw real classes, a table of pictures of some of them, its format, and where it is cut."""
    real = draw(st.sampled_from(REAL))
    names = draw(st.lists(st.sampled_from(real), min_size=1, max_size=4, unique=True))
    made = draw(tables(names, most=6))
    return real, names, made, draw(st.sampled_from(FORMATS)), draw(st.integers(0, len(made.shown)))


@inputs(30)
@given(
    drawn_sets(), st.one_of(st.none(), st.none(), st.tuples(st.integers(0), st.integers(1, 255)))
)
def test_hub_folders_are_matched_by_name(drawn, damage):
    """Whole data sets are read by name; of damaged ones every picture that is read is right."""
    real, names, made, form, cut = drawn
    work = Path(tempfile.mkdtemp())
    try:
        put_set(work / "set", made.table, form, cut)
        if damage:
            change_a_byte(work / "set", *damage)
        check_command(
            "hub folders",
            [*images_words(work, real), "--layout=hub-folder", f"--folder={work / 'set'}"],
            work / "out",
            lambda: None if damage else check_set(work / "out/0.parquet", real, names, made),
        )
    finally:
        shutil.rmtree(work)


def check_set(path: Path, real: tuple[str, ...], names: list[str], made: Drawn) -> None:
    called = called_as(real, names, made)
    counts = check_names(path, {colour_of(k): name for k, name in called.items()})
    assert counts == {colour_of(k): made.shown.count(k) for k in set(made.shown)}


def put_set(folder: Path, table: pa.Table, form: str, cut: int) -> None:
    """Write a table in two files of a format."""
    folder.mkdir()
    parts = [part for part in (table.slice(0, cut), table.slice(cut)) if part.num_rows]
    for number, part in enumerate(parts):
        stem = f"train-{number:05d}-of-{len(parts):05d}"
        if form == "parquet":
            pq.write_table(part, folder / f"{stem}.parquet")
        elif form == "arrow":
            write = pa.ipc.new_stream(str(folder / f"{stem}.arrow"), part.schema)
            with write as writer:
                writer.write_table(part)
        else:
            put_rows(folder, stem, part, form)
    if form == "arrow":
        files = [{"filename": file.name} for file in sorted(folder.iterdir())]
        (folder / "state.json").write_text(json.dumps({"_data_files": files}))


def put_rows(folder: Path, stem: str, part: pa.Table, form: str) -> None:
    """Write rows as a list of paths, or as samples; what has no types is written as text."""
    images, labels = part.column(0).to_pylist(), part.column(1).to_pylist()
    names = hugging_face_names(part.schema, "label")
    labels = [names[label] for label in labels] if names else labels
    data = [bytes(image["bytes"] if isinstance(image, dict) else image) for image in images]
    if form == "tar":
        pairs = enumerate(zip(data, labels, strict=True))
        members = [
            (f"{i}.{ending}", content)
            for i, (image, label) in pairs
            for ending, content in (("png", image), ("cls", str(label).encode()))
        ]
        put_tar(folder / f"{stem}.tar", members)
        return
    rows = []
    for i, (image, label) in enumerate(zip(data, labels, strict=True)):
        (folder / f"{stem}-{i}.png").write_bytes(image)
        plain = label if isinstance(label, int | str) or form == "csv" else str(label)
        rows.append({"file_name": f"{stem}-{i}.png", "label": plain})
    text = io.StringIO(newline="")
    if form == "csv":
        writer = csv.DictWriter(text, ["file_name", "label"])
        writer.writeheader()
        writer.writerows(rows)
    else:
        text.write("\n".join(map(json.dumps, rows)))
    (folder / f"{stem}.{form}").write_text(text.getvalue(), encoding="utf-8")


def change_a_byte(folder: Path, place: int, change: int) -> None:
    """Change a byte of a file of the data set, or of a picture."""
    files = sorted(folder.iterdir())
    file = files[place % len(files)]
    data = bytearray(file.read_bytes())
    data[place // len(files) % len(data)] ^= change
    file.write_bytes(data)


def headers() -> st.SearchStrategy[bytes]:
    """Draw tar headers with odd numbers, kinds and names, each with a right check sum."""

    def header(size: bytes, kind: bytes, name: bytes) -> bytes:
        block = bytearray(512)
        block[: len(name)] = name
        block[124 : 124 + len(size)] = size
        block[156:157] = kind
        block[257:265] = b"ustar\x0000"
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
        return bytes(block)

    sizes = st.sampled_from([b"00000000003", b"77777777777", b"\x80" + b"\xff" * 11, b"-1", b"x"])
    sizes |= st.sampled_from([b"\xff" * 12, b"\xff" * 10 + b"\xfe\x00", b""])
    kinds = st.sampled_from([b"0", b"x", b"g", b"L", b"S", b"5", b"\0"])
    names = st.sampled_from([b"0.png", b"0.cls", b"../0.cls", b"\xff.png", b"."])
    return st.builds(header, sizes, kinds, names)


@inputs(40)
@given(st.lists(headers(), min_size=1, max_size=4), st.binary(max_size=64))
def test_tars_with_odd_headers_are_right_or_refused(blocks, content):
    work = Path(tempfile.mkdtemp())
    try:
        filled = content.ljust(512, b"\0")
        (work / "set").mkdir()
        data = b"".join(block + filled for block in blocks) + b"\0" * tarfile.RECORDSIZE
        (work / "set/train.tar").write_bytes(data)
        check_command(
            "odd tars",
            [*images_words(work, REAL[0]), "--layout=hub-folder", f"--folder={work / 'set'}"],
            work / "out",
            lambda: None,
        )
    finally:
        shutil.rmtree(work)
