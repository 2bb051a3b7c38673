"""Folders of class folders, under names that people, systems and programs give them."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.outcomes import check_command, dataset_words, inputs
from tests.fuzz.painted import check_names, colour_of, painted

WORDS = ["cat", "dog", "Prickly pear", "prickly_pear", "élan", "e\u0301lan", "猫", "New York", "_x"]
NUMBERS = ["0", "1", "2", "3", "10", "01", "001", "-1", "1.0"]
ODD = [" cat", "dog ", "Cat", "--help", "-v", "{name}", "*", "a;b", "$(x)", "=1+1", "<b>", "CON"]
ODD += ["a\tb", "a\nb", "\x1b[31mred", "\u202ecba", "\u200b", "%s", "'", '"', "..a", "~", "#1"]
PARTS = ["train", "test", "val", "Training", "testing", "images", "real", "valid"]
NAMES = st.one_of(
    st.lists(st.sampled_from(WORDS), min_size=2, max_size=6, unique=True),
    st.lists(st.sampled_from(NUMBERS), min_size=2, max_size=6, unique=True),
    st.lists(st.sampled_from(WORDS + NUMBERS + ODD + PARTS), min_size=2, max_size=6, unique=True),
    st.lists(st.text(min_size=1, max_size=8), min_size=2, max_size=5, unique=True),
)
PARTS_OF_DATA = 4 * [("", "")] + 3 * [("train", "test"), ("train", "val")]
PARTS_OF_DATA += [
    ("train", "testing"),
    ("Training", "Testing"),
    ("train", ""),
    ("seg_train", "val"),
]
DROPPINGS = ["Thumbs.db", ".DS_Store", "._0.png", "@eaDir/0.png/SYNOPHOTO_THUMB_M.png", "notes.txt"]


def usable(name: str) -> bool:
    """Return whether the file system takes it as a folder's name."""
    try:
        encoded = name.encode()
    except UnicodeEncodeError:
        return False
    return name not in (".", "..") and not set(name) & {"/", "\0"} and len(encoded) < 200


@st.composite
def class_folders(draw: st.DrawFn) -> tuple[list[str], dict[str, bytes]]:
    """Draw the names of class folders, and the files by their path below the data folder."""
    names = [name for name in draw(NAMES) if usable(name)]
    train, test = draw(st.sampled_from(PARTS_OF_DATA))
    files: dict[str, bytes] = {}
    for number, name in enumerate(names):
        for i in range(draw(st.sampled_from([2, 2, 2, 3, 2, 2, 2, 1, 0]))):
            files[f"{train}/{name}/{i}.png"] = painted(colour_of(number), i)
        for i in range(draw(st.sampled_from([1, 1, 2, 0])) if test else 0):
            files[f"{test}/{name}/{i}.png"] = painted(colour_of(number), 100 + i)
        if draw(st.sampled_from([False, False, True])):
            dropping = draw(st.sampled_from(DROPPINGS))
            files[f"{train}/{name}/{dropping}"] = painted(colour_of(99), 7)
    return names, files


def put(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        path = folder / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@inputs(25)
@given(class_folders(), st.booleans(), st.randoms(use_true_random=False))
def test_class_folders_are_read_by_name(drawn, is_named, random):
    names, files = drawn
    given_names = random.sample(names, len(names)) if is_named else []
    work = Path(tempfile.mkdtemp())
    try:
        put(work / "data", files)
        check_command(
            "class folders",
            dataset_words(work / "out", work / "data", given_names),
            work / "out",
            lambda: check_counts(work, names, files),
        )
    finally:
        shutil.rmtree(work)


def check_counts(work: Path, names: list[str], files: dict[str, bytes]) -> None:
    """Check that every picture of a class folder is there once, under the folder's name."""
    by_colour = {colour_of(number): name for number, name in enumerate(names)}
    found: dict[tuple[int, int, int], int] = {}
    for split in ("train", "test"):
        for colour, count in check_names(work / f"out/{split}.parquet", by_colour).items():
            found[colour] = found.get(colour, 0) + count
    wanted = {
        colour: sum(
            Path(path).parent.name == name and Path(path).name[0].isdecimal() for path in files
        )
        for colour, name in by_colour.items()
        if not name.startswith(".")  # hidden, as docs/datasets.md says
    }
    assert found == {colour: count for colour, count in wanted.items() if count}
