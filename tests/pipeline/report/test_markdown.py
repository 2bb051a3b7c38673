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
    ],
)
def test_name_stands_for_itself(name: str, written: str) -> None:
    page = Page("Title", "Subtitle", "", [("Class", name)], [])
    assert f"- Class: {written}\n" in to_markdown(page)
