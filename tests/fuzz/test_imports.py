"""Pictures that someone else made, imported beside real classes that are called otherwise."""

import shutil
import tempfile
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from sau.storage import manifest
from tests.fuzz.outcomes import check_command, dataset_words, inputs, run_command
from tests.fuzz.painted import check_names, colour_in, colour_of, painted, plain
from tests.fuzz.tables import NAMES, Drawn, tables

REAL = [
    ("cat", "dog", "emu", "fox"),
    ("Prickly pear", "New York", "Élan", "gnu"),
    ("0", "1", "2", "3"),
    ("1", "2", "3", "4"),
    ("001", "002", "010", "012"),
    ("3", "cat", "10", "dog"),
]
SPELLINGS = [
    str,
    str.upper,
    str.title,
    lambda name: name.replace(" ", "_"),
    lambda name: f"{name} ",
]


@cache
def real_images(names: tuple[str, ...]) -> Path:
    """Return a manifest of real training images of these classes, in this order."""
    work = Path(tempfile.mkdtemp())
    for number, name in enumerate(names):
        for i in range(2):
            path = work / "data" / name / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(painted(colour_of(number), i))
    code, said = run_command(dataset_words(work, work / "data", names))
    assert code == 0, said
    return work / "train.parquet"


def images_words(work: Path, real: tuple[str, ...]) -> list[object]:
    """Return a command that imports one shard into `work`, beside these real classes."""
    words = ["images", "--train-images", real_images(real), "--output", work / "out/0.parquet"]
    return [*words, "--shard=0", "--shards=1", "--source=imported"]


@inputs(25)
@given(st.data(), st.sampled_from(REAL))
def test_imported_folders_are_matched_by_name(data, real):
    """A folder is the class that it is called; if none is called so, the class of that index."""
    numbers = [str(number) for number in range(len(real))]
    one = st.one_of(st.sampled_from(real), st.sampled_from([*real, *numbers, "5", "unknown", "02"]))
    names = data.draw(st.lists(one, min_size=1, max_size=4, unique=True))
    folders = [data.draw(st.sampled_from(SPELLINGS))(name) for name in names]
    work = Path(tempfile.mkdtemp())
    try:
        for number, folder in enumerate(folders):
            path = work / "data" / folder / "0.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(painted(colour_of(number)))
        check_command(
            "imported folders",
            [*images_words(work, real), f"--folder={work / 'data'}"],
            work / "out",
            lambda: check_folders(work / "out/0.parquet", real, folders),
        )
    finally:
        shutil.rmtree(work)


def check_folders(path: Path, real: tuple[str, ...], folders: list[str]) -> None:
    known = {plain(name) for name in real}
    by_name = any(plain(folder) in known or bare(folder) in map(bare, real) for folder in folders)
    by_colour = {colour_of(number): folder for number, folder in enumerate(folders)}
    for row in manifest.read(path, "images").to_pylist():
        folder = by_colour[colour_in(row["image"]["bytes"])]
        called = real[row["label"]]
        if by_name:
            assert plain(called) == plain(folder) or bare(called) == bare(folder), (called, folder)
        else:
            assert row["label"] == int(folder), (row["label"], folder)


def bare(name: str) -> str:
    """Return a number's name without leading zeros."""
    return plain(name).lstrip("0") if name.strip().isdecimal() else plain(name)


@st.composite
def imported(draw: st.DrawFn) -> tuple[tuple[str, ...], list[str], Drawn]:
    """Draw real classes, and a table of pictures of some of them."""
    real = draw(st.sampled_from([tuple(NAMES[:4]), tuple(NAMES[3:9]), *REAL[:2]]))
    names = draw(st.lists(st.sampled_from(real), min_size=1, max_size=4, unique=True))
    return real, names, draw(tables(names, most=6))


@inputs(25)
@given(imported())
def test_imported_tables_are_matched_by_name(drawn):
    real, names, made = drawn
    work = Path(tempfile.mkdtemp())
    try:
        pq.write_table(made.table, work / "made.parquet")
        check_command(
            "imported tables",
            [*images_words(work, real), "--layout=parquet", f"--file={work / 'made.parquet'}"],
            work / "out",
            lambda: check_table(work / "out/0.parquet", real, names, made),
        )
    finally:
        shutil.rmtree(work)


def check_table(path: Path, real: tuple[str, ...], names: list[str], made: Drawn) -> None:
    called = called_as(real, names, made)
    counts = check_names(path, {colour_of(k): name for k, name in called.items()})
    assert counts == {colour_of(k): made.shown.count(k) for k in set(made.shown)}


def called_as(real: tuple[str, ...], names: list[str], made: Drawn) -> dict[int, str]:
    """Names are names; a number without names is an index into the real classes."""
    numbers = {k: k + (made.kind == "from 1") for k in made.shown}
    if made.kind in ("names", "class label"):
        return {k: names[k] for k in made.shown}
    if any(plain(name).isdecimal() for name in real):
        return {k: str(number) for k, number in numbers.items()}
    return {k: real[number] for k, number in numbers.items()}
