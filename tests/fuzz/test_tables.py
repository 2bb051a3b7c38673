"""Tables of real images: labels of every type, names in every order, a test table in another."""

import shutil
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.outcomes import check_command, dataset_words, inputs
from tests.fuzz.painted import check_names, colour_of
from tests.fuzz.tables import NAMES, Drawn, tables


@st.composite
def pairs(draw: st.DrawFn) -> tuple[list[str], Drawn, Drawn | None, list[str]]:
    """Draw the classes, a table, one to test on or none, and class names that are given or none."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=5, unique=True))
    train = draw(tables(names))
    test = draw(st.one_of(st.none(), tables(names, start=100)))
    given_names = draw(st.one_of(st.just([]), st.just([]), st.permutations(names)))
    return names, train, test, list(given_names)


@inputs(25)
@given(pairs())
def test_tables_are_read_by_name(drawn):
    names, train, test, given_names = drawn
    work = Path(tempfile.mkdtemp())
    try:
        pq.write_table(train.table, work / "train.parquet")
        words = ["--source=parquet", f"--train-file={work / 'train.parquet'}", "--test-per-class=1"]
        if test:
            pq.write_table(test.table, work / "test.parquet")
            words = [*words[:2], f"--test-file={work / 'test.parquet'}"]
        check_command(
            "tables",
            [*dataset_words(work / "out", "", given_names), *words],
            work / "out",
            lambda: check_rows(work, names, train, test, given_names),
        )
    finally:
        shutil.rmtree(work)


def check_rows(
    work: Path, names: list[str], train: Drawn, test: Drawn | None, given_names: list[str]
) -> None:
    """Check that each picture is there once, and called what its own table calls it."""
    if test and test.kind == "from 1" and max(test.shown) + 1 < len(names):
        return  # all of them may as well be indices: nobody could tell
    whole = train.shown + (test.shown if test else [])
    called = [called_by(part, names, given_names) for part in (train, test) if part]
    assert all(each == called[0] for each in called), "they have no names in common"
    by_colour = {colour_of(k): name for k, name in called[0].items()}
    found: dict[tuple[int, int, int], int] = {}
    for split in ("train", "test"):
        for colour, count in check_names(work / f"out/{split}.parquet", by_colour).items():
            found[colour] = found.get(colour, 0) + count
    assert found == {colour_of(k): whole.count(k) for k in set(whole)}


def called_by(part: Drawn, names: list[str], given_names: list[str]) -> dict[int, str]:
    """Return what a table calls the classes: by its names, or by the place among those given."""
    if part.kind in ("names", "class label"):
        return dict(enumerate(names))
    if not given_names:
        return {k: str(k + (part.kind == "from 1")) for k in range(len(names))}
    assert part.kind == "index", "labels from 1 are no indices into the names"
    return dict(enumerate(given_names))
