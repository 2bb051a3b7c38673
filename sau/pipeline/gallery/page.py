"""The gallery as one HTML file that needs nothing besides itself."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

_FOLDER = Path(__file__).parent

SCRIPTS = ("text", "images", "controls", "histogram", "layout", "dialog", "grid", "start")
"""The parts of the page's script, in the order in which they stand in it."""


def to_html(
    title: str,
    data: Mapping[str, Any],
    pictures: Mapping[int, Sequence[str]],
    listings: Sequence[tuple[str, str]],
) -> str:
    """Render the page.

    Its Content-Security-Policy lets the browser run the one script and use the one style sheet
    whose hashes it names, show images that stand in the page itself, and nothing else.

    Args:
        title: heading.
        data: what the script reads, as JSON values.
        pictures: data addresses by label; the browser parses those of a class when it shows one.
        listings: headings and the settings under them.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    script, style = script_text(), _read("style.css")
    policy = [
        "default-src 'none'",
        f"script-src '{_hash(script)}'",
        f"style-src '{_hash(style)}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    # Markup: two files of this package, and JSON in which to_json leaves no character of HTML's.
    return environment.get_template("page.jinja").render(
        title=title,
        policy="; ".join(policy),
        style=Markup(style),
        script=Markup(script),
        data=Markup(to_json(data)),
        pictures=[(label, Markup(to_json(pictures[label]))) for label in sorted(pictures)],
        listings=listings,
    )


def to_json(value: Any) -> str:
    r"""Return JSON that may stand inside a script element, whatever its texts are.

    It is ASCII, and `<`, `>` and `&` are written as `\u003c`, `\u003e` and `\u0026`, so that no
    text can end the element or open another. Infinite numbers and NaN, which JSON lacks, raise
    ValueError.
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def script_text() -> str:
    """Return the page's script: all parts inside one function, so that no name is global."""
    parts = "\n".join(_read(f"{name}.js") for name in SCRIPTS)
    return f'(() => {{\n"use strict";\n\n{parts}}})();\n'


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
