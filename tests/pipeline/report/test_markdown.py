"""What names do in Markdown: nothing."""

import pytest

from sau.pipeline.report.markdown import to_markdown
from sau.pipeline.report.page import Page


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("cat", "cat"),
        ("CE*", r"CE\*"),
        ("_cat_", r"\_cat\_"),
        ("__dog__", r"\_\_dog\_\_"),
        ("pos_neg", "pos_neg"),
        ("~~ship~~", r"\~\~ship\~\~"),
        ("a|b [c](d)", r"a\|b \[c\](d)"),
        ("<b>x</b>\n# y", "&lt;b&gt;x&lt;/b&gt; # y"),
        ("`rm`", r"\`rm\`"),
        ("![x](http://a/b.png)", r"!\[x\](http://a/b.png)"),
        ("a\r\n\t- b", "a - b"),
        ("-1.5", "-1.5"),
        ("cat\u202egod", r"cat\[U+202E\]god"),
    ],
)
def test_name_stands_for_itself(name: str, written: str) -> None:
    page = Page("Title", "Subtitle", "", [("Class", name)], [])
    assert f"- Class: {written}\n" in to_markdown(page)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("# x", r"\# x"),
        ("- x", r"\- x"),
        ("+ x", r"\+ x"),
        ("* x", r"\* x"),
        ("1. x", r"1\. x"),
        ("12) x", r"12\) x"),
        ("> x", "&gt; x"),
        ("2 runs", "2 runs"),
        ("--- a", r"\--- a"),
    ],
)
def test_text_that_begins_a_line_is_no_heading_or_list(text: str, written: str) -> None:
    page = to_markdown(Page("Title", text, text, [], []))
    assert page.splitlines()[2:5] == [written, "", written]
