import base64
import json
import re
import string
import time
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sau.pipeline.prompts.llm.redaction import Redactor
from tests.pipeline.prompts.llm.conftest import KEY
from tests.pipeline.prompts.llm.loopback import completion, good_text


def each(form):
    """Return the key with each character written in a form."""
    return "".join(form.format(ord(character)) for character in KEY)


ESCAPED = {
    "as it is": KEY,
    "in capitals": KEY.upper(),
    "hyphens of JSON": KEY.replace("-", "\\u002d"),
    "capital digits": KEY.replace("-", "\\u002D"),
    "all of it": each("\\u{:04x}"),
    "JSON within JSON": json.dumps(json.dumps(KEY.replace("-", "\\u002d")))[3:-3],
    "JSON's slash": KEY.replace("-", "\\-"),
    "braces": each("\\u{{{:x}}}"),
    "C": each("\\x{:02x}"),
    "octal": each("\\{:03o}"),
    "address": KEY.replace("-", "%2D"),
    "address, all of it": each("%{:02x}"),
    "address, twice": each("%25{:02X}"),
    "HTML": KEY.replace("-", "&#45;"),
    "HTML, hexadecimal": each("&#x{:X};"),
    "HTML, by name": KEY.replace("-", "&hyphen;"),
    "HTML, twice": KEY.replace("-", "&amp;#45;"),
    "e-mail": each("={:02X}"),
    "base64": base64.b64encode(KEY.encode()).decode(),
    "base64 of more": base64.b64encode(f"Bearer {KEY}, and more".encode()).decode(),
    "base64 of a pair": base64.urlsafe_b64encode(f"me:{KEY}".encode()).decode(),
    "base64 in an address": urllib.parse.quote(base64.b64encode(KEY.encode()), safe=""),
    "hex": KEY.encode().hex(),
    "hex with colons": KEY.encode().hex(":"),
    "numbers": str(list(KEY.encode())),
    "backwards": KEY[::-1],
    "lines": f"{KEY[:9]}\n{KEY[9:20]}\r\n{KEY[20:]}",
    "lines of JSON": f"{KEY[:15]}\\n{KEY[15:]}",
    "spaces": " ".join(KEY),
    "spaces without width": "\u200b".join(KEY),
    "other hyphens": KEY.replace("-", "\u2011"),
    "two fields": f'{KEY[:18]}", "b": "{KEY[18:]}',
    "three fields": f'{KEY[:12]}", "b": "{KEY[12:24]}", "c": "{KEY[24:]}',
    "a list": '", "'.join(KEY),
}


BASE64 = [form for name, form in ESCAPED.items() if name.startswith("base64")]


@pytest.mark.parametrize("form", ESCAPED.values(), ids=ESCAPED)
def test_key_is_blotted_out_in_every_form(form):
    found = Redactor(KEY)(f'{{"a": "{form}", "z": 1}}')
    rest = found.replace("[key]", "").replace("Bearer", "")
    assert "[key]" in found
    # The names of the fields, and at the ends of base64 what depends on the key's neighbours.
    assert len(re.findall("[a-zA-Z0-9]", rest)) <= (30 if form in BASE64 else 5)
    assert not any(KEY[i : i + 5] in rest for i in range(len(KEY) - 4))


def test_text_around_the_key_stays_and_json_stays_json():
    body = json.dumps({"a": f"x \\ {KEY}\n", "b": ['"', KEY, 7]}).replace("-", "\\u002d")
    assert json.loads(Redactor(KEY)(body)) == {"a": "x \\ [key]\n", "b": ['"', "[key]", 7]}


ALPHABET = string.ascii_letters + string.digits + "-_./+"


@given(st.text(ALPHABET, min_size=20, max_size=200), st.integers(0, 99))
def test_answer_without_the_key_is_left_as_it_is(key, number):
    body = completion(good_text("piña colada", number), system_fingerprint="fp_44709d6fcb")
    assert Redactor(key)(body) == body


@given(
    st.text(ALPHABET, min_size=6, max_size=60), st.sampled_from(["\\u{:04x}", "%{:02x}", "{:c}"])
)
def test_key_of_any_kind_is_found(key, form):
    written = "".join(form.format(ord(character)) for character in key)
    assert Redactor(key)(f'"{written}"') == '"[key]"'


@pytest.mark.parametrize("key", ["", "none", "EMPTY", "x"])
def test_short_word_is_no_secret(key):
    assert Redactor(key)("none is EMPTY, x") == "none is EMPTY, x"


def test_words_of_a_key_made_of_words_stay():
    redact = Redactor("sk-no-key-required")
    assert redact("No key is required: sk-no-key-required.") == "No key is required: [key]."
    assert Redactor("1234567")('{"created": 171234567890}') == '{"created": 171234567890}'


@pytest.mark.parametrize(
    "text",
    ["\\" * 500_000, "\\" * 250_000 + "u{" + "0" * 250_000, f"{KEY} \\\\ " * 5_000],
    ids=["backslashes", "braces", "keys"],
)
def test_time_grows_with_the_text_alone(text: str) -> None:
    """Half a million backslashes took hours where each was tried as the first of its run."""
    start = time.process_time()
    assert KEY not in Redactor(KEY)(text)
    assert time.process_time() - start < 20
