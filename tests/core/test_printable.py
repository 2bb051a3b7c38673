import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sau.core.printable import PrintableFormatter, one_line, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x9b2J", r"\x9b2J"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("line\nsau: error: forged", r"line\nsau: error: forged"),
        ("over\rwritten\b\x7f", r"over\rwritten\x08\x7f"),
        ("nul\0", r"nul\x00"),
        ("a\u202egnp.exe", r"a\u202egnp.exe"),
        ("\u2066isolated\u2069\u200f\ufeff", r"\u2066isolated\u2069\u200f\ufeff"),
        ("half \ud83d", r"half \ud83d"),
        ("tag \U000e0041", r"tag \U000e0041"),
        ("lines\u2028and\u2029paragraphs\x85", r"lines\u2028and\u2029paragraphs\x85"),
    ],
)
def test_printable_escapes_what_acts(text, shown):
    assert printable(text) == shown


@pytest.mark.parametrize(
    "text",
    ["", "a photo", "piña colada", "雲　海", "می‌خواهم", "क्‍ष", "👩‍🚀 ok", "no\u00a0break", r"C:\x"],
)
def test_printable_leaves_every_script_as_it_is(text):
    assert printable(text) == text


@given(st.text(st.characters()))
def test_printable_text_is_one_line_that_utf8_can_hold(text):
    shown = printable(text)
    assert len(shown.encode().decode().splitlines()) <= 1
    assert printable(shown) == shown


def test_one_line_joins_lines_and_cuts():
    assert one_line(" two\n\tlines \x1b ") == r"two lines \x1b"
    assert one_line("x" * 301) == "x" * 300 + "..."
    assert one_line("x" * 10**8, 5) == "xxxxx..."
    assert one_line(" " * 10**8) == ""


def test_formatter_sets_further_lines_in():
    record = logging.LogRecord("sau", 30, "", 1, "class %s", ("a\x1b[2J\nsau: no",), None)
    line = PrintableFormatter("sau: %(message)s").format(record)
    assert line == "sau: class a\\x1b[2J\n  sau: no"
