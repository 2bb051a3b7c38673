"""A page as one HTML file that needs nothing besides itself."""

from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from sau.pipeline.report.formats import named_turns
from sau.pipeline.report.page import Page


def to_html(page: Page) -> str:
    """Render the page; all text is escaped, only the SVG elements of its sections are not."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_shown,
    )
    # Markup: matplotlib wrote these elements, and escaped the texts that it was given.
    figures = [[Markup(text) for text in section.figure or ()] for section in page.sections]
    return environment.get_template("page.jinja").render(page=page, figures=figures)


def _shown(value: Any) -> Any:
    """Return what stands for a value: of a text, one that does not turn what is around it."""
    return named_turns(value) if type(value) is str else value
