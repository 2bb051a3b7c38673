"""What a page says, before it is HTML or Markdown."""

import dataclasses

from sau.pipeline.report.figures import Drawing
from sau.pipeline.report.origins import Listing
from sau.pipeline.report.statements import Statement
from sau.pipeline.report.text_tables import TextTable
from sau.pipeline.report.tiles import Sheet


@dataclasses.dataclass(frozen=True)
class Section:
    """A part of a page: a heading, a caption of a sentence or two, and a table or a figure.

    figure: made by `figures.drawing_of`, or None; Markdown shows no figures.
    folded: HTML shows the table only when asked to.
    more: further tables, with what they are called; HTML shows them only when asked to.
    """

    heading: str
    caption: str
    table: TextTable | None = None
    figure: Drawing | None = None
    folded: bool = False
    more: list[tuple[str, TextTable]] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Page:
    """A page: headings, statements, sections, image sheets, and where the numbers come from.

    files: what stands beside the page, as (words, path from the page's folder); Markdown, which
        shows no figures, links them.
    pages: other pages, as (words, path from the page's folder, without a suffix); HTML links
        HTML, Markdown links Markdown.
    links: further files of the results, as (words, path from the page's folder); HTML alone links
        them, as it stands where they are.
    """

    title: str
    subtitle: str
    note: str
    statements: list[Statement]
    sections: list[Section]
    sheets: list[Sheet] = dataclasses.field(default_factory=list)
    listings: list[Listing] = dataclasses.field(default_factory=list)
    files: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    pages: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    links: list[tuple[str, str]] = dataclasses.field(default_factory=list)
