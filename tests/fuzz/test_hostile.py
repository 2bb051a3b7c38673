"""Links, pipes, odd paths and odd lists: what would hang, or bring in what is not meant."""

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from sau.config import read_config_file
from sau.sources.class_match import labels_of_names
from sau.sources.class_names import read_class_names
from sau.sources.image_folder import class_folders, list_class_folders
from sau.sources.labels import labels_for_classes, read_labels
from sau.sources.named_files import named_files
from tests.fuzz.outcomes import check_call, check_command, dataset_words, inputs
from tests.fuzz.painted import colour_in, colour_of, painted

CLASSES = ("cat", "dog", "emu")
TARGETS = [".", "..", "../..", "../dog", "../dog/deep", "../emu", "self", "loop", "/", "/dev/zero"]
TARGETS += ["../../store", "../../store/deep", "nothing", "a\nb", "x" * 300]
NAMES = ["up.png", "more", "a.png", "deep", "0.png", "loop", "self", ".hidden", "\u202e.png", "é"]


@inputs(20)
@given(
    st.lists(st.tuples(st.sampled_from(CLASSES), st.sampled_from(NAMES), st.sampled_from(TARGETS)))
)
def test_links_bring_in_no_images_of_other_classes(links):
    work = Path(tempfile.mkdtemp())
    try:
        for number, name in enumerate((*CLASSES, "store")):
            folder = work / "zoo" / name if name in CLASSES else work / name
            (folder / "deep").mkdir(parents=True)
            for place, path in enumerate((folder / "1.png", folder / "deep" / "2.png")):
                path.write_bytes(painted(colour_of(number), place))
        for name, link, target in links:
            path = work / "zoo" / name / link
            if not os.path.lexists(path) and len(target) < 250:
                path.symlink_to(target)
        check_call("links", lambda: listed(work / "zoo"), check_colours)
    finally:
        shutil.rmtree(work)


def listed(folder: Path) -> Any:
    folders = class_folders(folder, "dataset.folder")
    return list_class_folders(folders, range(len(folders)), "real", "dataset.folder")


def check_colours(listing: Any) -> None:
    """Check that each class has its own images, and none of another's."""
    allowed = [{colour_of(number), colour_of(len(CLASSES))} for number in range(len(CLASSES))]
    own = dict.fromkeys(range(len(CLASSES)), 0)
    for record in listing.records():
        if record.path.is_file():
            colour = colour_in(record.path.read_bytes())
            assert colour in allowed[record.label], (record.id, colour)
            own[record.label] += colour == colour_of(record.label)
    assert all(count >= 2 for count in own.values()), own


@inputs(8)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(["0.png", "./1.png", "../tables/0.png", "/dev/zero", "pipe", "."]),
            st.sampled_from(
                ["/proc/self/mem", "~/0.png", "$HOME", "file:///etc/passwd", "", "x" * 5000]
            ),
            st.text(max_size=6),
        ),
        min_size=3,
        max_size=8,
    )
)
def test_tables_of_odd_paths_are_read_without_waiting(paths):
    work = Path(tempfile.mkdtemp()) / "tables"
    try:
        work.mkdir()
        for number in range(2):
            (work / f"{number}.png").write_bytes(painted(colour_of(0), number))
        os.mkfifo(work / "pipe")
        images = ["0.png", "1.png", "0.png", "1.png", *paths]
        labels = ["b", "b", *["a"] * (len(images) - 2)]
        pq.write_table(pa.table({"image": images, "label": labels}), work / "t.parquet")
        assert all(file.is_file() for file in named_files(work / "t.parquet", "image"))
        words = dataset_words(work / "out", "", [])
        words += ["--source=parquet", f"--train-file={work / 't.parquet'}", "--test-per-class=1"]
        check_command("paths", words, work / "out", lambda: check_statuses(work / "out", images))
    finally:
        shutil.rmtree(work.parent)


def check_statuses(out: Path, images: list[str]) -> None:
    """Check that each row is there once: an image of the folder, or a reason."""
    parts = [pq.read_table(out / f"{name}.parquet").to_pylist() for name in ("train", "test")]
    rows = [row for part in parts for row in part]
    assert len(rows) == len(images)
    for row in rows:
        path = images[int(row["id"].rpartition("/")[2])]
        is_image = path.replace("./", "") in ("0.png", "1.png", ".tables/0.png")
        assert (row["status"] == "ok") == is_image, (path, row["reason"])


@inputs(30)
@given(st.data())
def test_files_of_class_names_are_read_or_refused(data):
    suffix = data.draw(st.sampled_from([".txt", ".json", ".JSON", ""]))
    text = data.draw(
        st.one_of(st.text(max_size=20), st.sampled_from(["a\nb", "a\r\nb\n", "[" * 9999]))
    )
    if data.draw(st.booleans()) and suffix.lower() == ".json":
        keys = st.sampled_from(["id", "name", "x"])
        values = st.one_of(st.integers(0, 3), st.text(max_size=4), st.none(), st.floats())
        text = json.dumps(data.draw(st.lists(st.dictionaries(keys, values), max_size=4)))
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]))
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / f"names{suffix}"
        path.write_bytes(text.encode(encoding, "replace"))
        check_call("class names", lambda: read_class_names(path), check_class_names)


def check_class_names(names: Any) -> None:
    assert names
    assert all(isinstance(name, str) and name.strip() for name in names)


@inputs(30)
@given(st.data())
def test_labels_are_read_or_refused(data):
    names = data.draw(st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=4))
    values = data.draw(
        st.one_of(
            st.lists(st.one_of(st.sampled_from(names), st.text(max_size=3)), min_size=1),
            st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1),
            st.lists(st.integers(0, 5), min_size=1),
            st.lists(st.one_of(st.none(), st.floats()), min_size=1),
            st.lists(st.booleans(), min_size=1),
            st.just(["9" * 5000, "1"]),
        )
    )
    column = pa.chunked_array([pa.array(values)])
    schema = pa.schema([("label", column.type)])

    def read() -> Any:
        return labels_for_classes(read_labels(column, schema, "label", "t"), names, "t")

    check_call("labels", read, lambda labels: check_labels(labels, values, names))


def check_labels(labels: Any, values: list[Any], names: list[str]) -> None:
    assert len(labels) == len(values)
    assert all(0 <= label < len(names) for label in labels)
    for label, value in zip(labels, values, strict=True):
        if isinstance(value, str) and names.count(value) == 1:
            assert names[label] == value


@inputs(30)
@given(
    st.lists(st.text(max_size=4), min_size=1, max_size=4, unique=True),
    st.lists(st.text(max_size=4)),
)
def test_names_are_matched_with_one_class_each_or_refused(names, class_names):
    check_call(
        "class match",
        lambda: labels_of_names(names, class_names, "t"),
        lambda labels: all(0 <= label < len(class_names) for label in labels),
    )


@inputs(30)
@given(
    st.one_of(st.binary(max_size=40), st.text(max_size=40).map(lambda text: text.encode("utf-8")))
)
def test_config_of_any_bytes_is_read_or_refused(raw):
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / "c.yaml"
        path.write_bytes(raw)
        check_call("bytes of a config", lambda: read_config_file(path), check_values)


def check_values(values: Any) -> None:
    assert isinstance(values, dict)
    assert json.dumps(values, ensure_ascii=False, allow_nan=False).encode()
