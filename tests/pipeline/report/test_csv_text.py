"""What names do in a spreadsheet and in a page: nothing."""

import csv
import io

import pandas as pd
import pytest

from sau.pipeline.report.csv_text import csv_of
from sau.pipeline.report.html import to_html
from sau.pipeline.report.page import Page


def cells(frame):
    return list(csv.reader(io.StringIO(csv_of(frame))))[1:]


@pytest.mark.parametrize(
    "name",
    [
        '=HYPERLINK("http://x","y")',
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "\uff1d1+1",
        "-",
        "--1",
        "+",
    ],
)
def test_text_that_would_be_a_formula_has_an_apostrophe(name):
    assert cells(pd.DataFrame({"class": [name, "cat"], "n": [1, -2]})) == [
        [f"'{name}".replace("\r", "\n"), "1"],
        ["cat", "-2"],
    ]


@pytest.mark.parametrize("text", ["-1.50", "+0.25", "-3", "1e-05", "-1.5e+20", "", "a=b", "'x"])
def test_numbers_and_other_texts_stay_what_they_are(text):
    assert cells(pd.DataFrame({"x": [text]}).assign(n=1)) == [[text, "1"]]


def test_numbers_and_gaps_stay_what_they_are():
    frame = pd.DataFrame({"x": [-1.5, None], "y": ["-1", None], "z": [True, False]})
    assert cells(frame) == [["-1.5", "-1", "True"], ["", "", "False"]]


def test_name_does_not_turn_a_page_around():
    page = to_html(Page("Title", "<script>alert(1)</script>", "", [("Class", "a\u202eb")], []))
    assert "<script" not in page
    assert "a[U+202E]b" in page
