import json

import pytest

from sau.core.errors import UserError
from sau.sources.class_names import read_categories, read_class_names
from tests.sources.make_images import put, refuse_reading


def names(folder, text, file="names.txt"):
    put(folder / file, text.encode())
    return read_class_names(folder / file)


def test_names_stand_one_in_each_line(tmp_path):
    assert names(tmp_path, " tench\r\ngreat white shark \nca\u00f1a\n\n") == [
        "tench",
        "great white shark",
        "ca\u00f1a",
    ]


def test_list_of_categories_by_its_ids(tmp_path):
    entries = [
        {"id": 1, "name": "Passer domesticus", "kingdom": "Animalia"},
        {"id": 0, "name": "b"},
    ]
    assert names(tmp_path, json.dumps(entries), "categories.JSON") == ["b", "Passer domesticus"]
    entries[0]["id"] = 7477
    put(tmp_path / "c.json", json.dumps(entries).encode())
    assert read_categories(tmp_path / "c.json") == {7477: "Passer domesticus", 0: "b"}
    with pytest.raises(UserError, match="no category 1; ids must be the labels, 0 to 1"):
        read_class_names(tmp_path / "c.json")


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("n.txt", "a\n\nb\n", "n.txt, line 2: empty; expected one class name in each line"),
        ("n.txt", "", "n.txt, line 1: empty"),
        ("c.json", "[", "not readable as JSON"),
        ("c.json", "{}", "expected a list of objects"),
        ("c.json", "[]", "expected a list of objects"),
        ("c.json", '["a"]', "entry 0: 'a'; expected an object with a whole `id`"),
        ("c.json", '[{"id": "0", "name": "a"}]', "entry 0: .*whole `id` and a `name`"),
        ("c.json", '[{"id": true, "name": "a"}]', "entry 0: .*whole `id` and a `name`"),
        ("c.json", '[{"id": 0}]', "entry 0: .*whole `id` and a `name`"),
        ("c.json", '[{"id": 0, "name": " "}]', "entry 0: .*whole `id` and a `name`"),
        ("c.json", '[{"id": 0, "name": "a"}, {"id": 0, "name": "b"}]', "entry 1: id 0 comes twice"),
    ],
)
def test_file_that_holds_no_names_is_refused(tmp_path, file, text, message):
    with pytest.raises(UserError, match=f"^dataset.class_names_file: .*{message}"):
        names(tmp_path, text, file)


def test_file_that_cannot_be_read(tmp_path, monkeypatch):
    with pytest.raises(UserError, match="no such file; expected a file of class names"):
        read_class_names(tmp_path / "no.txt")
    put(tmp_path / "n.txt", b"\xe9")
    with pytest.raises(UserError, match="not a text file in UTF-8"):
        read_class_names(tmp_path / "n.txt")
    put(tmp_path / "c.json", b"[]")
    refuse_reading(monkeypatch)
    for name in ("n.txt", "c.json"):
        with pytest.raises(UserError, match=f"{name}: cannot be read .Permission denied"):
            read_class_names(tmp_path / name)
