import pytest

from sau.core.errors import UserError
from sau.sources.hub.path_list import open_list
from tests.sources.make_images import put


def read(path, data, columns=("image", "label"), texts=("image",)):
    put(path, data)
    part = open_list(path, "k", columns, texts)
    return part.read(list(columns)).to_pydict()


def test_csv_with_quotes_and_a_byte_order_mark(tmp_path):
    data = '\ufeffimage,label,other\r\n"a, b.png",0,x\r\n\r\n"c""d.png",1,\r\n'.encode()
    expected = {"image": ["a, b.png", 'c"d.png'], "label": [0, 1]}
    assert read(tmp_path / "l.csv", data) == expected


@pytest.mark.parametrize(
    ("cells", "labels"),
    [
        (["0", "12"], [0, 12]),
        (["0", "cat"], ["0", "cat"]),
        (["007", "1"], ["007", "1"]),
        (["1.0", "2"], ["1.0", "2"]),
        (["1", ""], [1, None]),
        (["9" * 30, "1"], ["9" * 30, "1"]),
    ],
)
def test_labels_are_numbers_where_all_are_so_written(tmp_path, cells, labels):
    text = "image\tlabel\n" + "".join(f"{n}\t{cell}\n" for n, cell in enumerate(cells))
    assert read(tmp_path / "l.tsv", text.encode()) == {"image": ["0", "1"], "label": labels}


def test_json_lines_may_lack_a_key(tmp_path):
    data = b'{"image": "a", "label": 3, "box": [1, {"x": 2}]}\n\n{"image": "b"}\n'
    assert read(tmp_path / "l.jsonl", data) == {"image": ["a", "b"], "label": [3, None]}


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("l.csv", b"image,image\n", "line 1: 'image,image'; expected a name for each column"),
        ("l.csv", b"image,label\na\n", "line 2: 1 cells, expected 2"),
        ("l.csv", b'image,label\n"a,1\n', "no CSV"),
        ("l.csv", b"image,label\n" + b"x" * 200_000 + b",1\n", "line 2: no CSV .field larger"),
        ("l.csv", b"image,label\n\xff,1\n", "not a text file in UTF-8"),
        ("l.jsonl", b'{"image": "a"}\nx\n', "l.jsonl, line 2: not readable as JSON"),
        ("l.jsonl", b'{"image": "a"}\n3\n', "l.jsonl, line 2: '3'; expected an object such as"),
        ("l.jsonl", b"[" * 9999, "nested deeper"),
        ("l.json", b'[{"image": "a"}, 4]', "l.json, entry 1: '4'; expected an object"),
        ("l.jsonl", b'{"image": 3, "label": 1}', "column 'image' holds other values than text"),
        ("l.jsonl", b'{"image": "\\ud800", "label": 1}', "no text in Unicode"),
        ("l.jsonl", b'{"label": 1}\n{"label": "1"}', "column 'label' holds values of several kin"),
        ("l.jsonl", b'{"label": true}', "column 'label' holds values of several kinds"),
        ("l.jsonl", b'{"label": 99999999999999999999}', "or a number of more than 64 bits"),
    ],
)
def test_lists_that_are_refused(tmp_path, name, data, message):
    with pytest.raises(UserError, match=message) as caught:
        read(tmp_path / name, data)
    assert "\n" not in str(caught.value)
