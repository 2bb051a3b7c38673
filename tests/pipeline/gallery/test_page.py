import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sau.pipeline.gallery.page import SCRIPTS, to_html, to_json

texts = st.text() | st.sampled_from(["</script>", "<!--<script>", "]]>", "\u2028\u2029", "&lt;"])


@given(st.lists(texts))
def test_json_is_ascii_without_signs_of_html_and_says_the_same(some):
    written = to_json(some)

    assert written.isascii()
    assert not set(written) & set("<>&")
    assert json.loads(written) == some


def test_json_has_no_number_that_json_lacks():
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json([float("nan")])


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.texts = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, text):
        self.texts.append((self.tags[-1][0] if self.tags else "", text))


EVIL = '</script></style><script>window.pwned = 1</script><img src=x onerror="alert(1)">'


def parsed(html):
    elements = Elements()
    elements.feed(html)
    return elements


def page(text="words"):
    data = {"classes": [text], "images": [{"prompt": text}]}
    return to_html(text, data, {0: [f"data:{text}"]}, [(text, text)])


def test_text_becomes_no_element():
    plain, hostile = parsed(page()), parsed(page(EVIL))

    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in plain.tags]
    assert ("h1", EVIL) in hostile.texts


def test_policy_names_the_script_and_the_style_that_are_there_and_allows_no_other():
    html = page(EVIL)
    (policy,) = [
        attributes["content"]
        for tag, attributes in parsed(html).tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    allowed = dict(rule.split(" ", 1) for rule in policy.split("; "))

    script = html[html.rindex("<script>") + 8 : html.rindex("</script>")]
    style = html[html.index("<style>") + 7 : html.index("</style>")]
    for kind, text in (("script-src", script), ("style-src", style)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert allowed[kind] == f"'sha256-{digest}'"
    assert allowed["default-src"] == "'none'"
    assert allowed["img-src"] == "data:"
    assert not re.search(r"unsafe|http", policy)


def test_page_names_no_other_place():
    tags = parsed(page()).tags
    places = [v for _, attributes in tags for k, v in attributes.items() if k in ("src", "href")]
    assert places == ["data:,"]
    assert not [k for _, attributes in tags for k in attributes if k.startswith("on")]
    assert not [attributes for _, attributes in tags if "style" in attributes]


def test_script_hands_no_text_to_the_reader_of_html():
    script = page()[page().rindex("<script>") :]
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\("
    assert not re.search(forbidden, script)
    assert len(SCRIPTS) == len(set(SCRIPTS))
