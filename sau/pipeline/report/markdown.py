"""A page as Markdown: the same statements and tables, without the pictures."""

import html
import re
from urllib.parse import quote

from sau.pipeline.report.formats import named_turns
from sau.pipeline.report.page import Page
from sau.pipeline.report.text_tables import TextTable


def to_markdown(page: Page) -> str:
    """Render the page as GitHub's Markdown; a group of columns becomes a table of its own."""
    parts = [f"# {escape(page.title)}", _paragraph(page.subtitle)]
    if page.note:
        parts.append(_paragraph(page.note))
    parts.append("\n".join(f"- {escape(name)}: {escape(text)}" for name, text in page.statements))
    pages = [(words, f"{path}.md") for words, path in page.pages]
    for name, linked in (("Pages", pages), ("Files", page.files)):
        links = [f"[{escape(words)}]({quote(path)})" for words, path in linked]
        if links:
            parts.append(f"{name}: {', '.join(links)}.")
    for section in page.sections:
        if section.table is not None:
            parts += [f"## {escape(section.heading)}", _paragraph(section.caption)]
            parts += tables(section.table)
        for words, table in section.more:
            parts += [f"**{escape(words)}**", *tables(table)]
    if page.listings:
        parts.append("## Settings and versions")
        for heading, lines in page.listings:
            parts.append("\n".join([f"### {escape(heading)}", "", *_indent(lines)]))
    return "\n\n".join(part for part in parts if part) + "\n"


def tables(table: TextTable) -> list[str]:
    """Return one Markdown table, or one for each group of columns with the leading columns."""
    own = len(table.columns)
    if not table.groups:
        return [_grid(table.columns, table.rows, table.words, table.words_last)]
    parts, start = [], own
    for heading, columns in table.groups:
        rows = [[*row[:own], *row[start : start + len(columns)]] for row in table.rows]
        last = table.words_last if start + len(columns) == own + _width(table) else 0
        grid = _grid([*table.columns, *columns], rows, table.words, last)
        parts += [f"**{escape(heading)}**", grid]
        start += len(columns)
    return parts


def _width(table: TextTable) -> int:
    """Return how many columns stand in groups."""
    return sum(len(columns) for _, columns in table.groups)


def _grid(columns: list[str], rows: list[list[str]], words: int, last: int) -> str:
    numbers = range(words, len(columns) - last)
    ruler = ["---:" if index in numbers else "---" for index in range(len(columns))]
    lines = [[escape(cell) for cell in row] for row in (columns, *rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in (lines[0], ruler, *lines[1:]))


def escape(text: str) -> str:
    """Make text stand for itself: no HTML, no cell or emphasis of its own, on one line.

    Within a word `_` is no emphasis, and is left as it is.
    """
    one_line = " ".join(html.escape(named_turns(text), quote=False).split())
    return re.sub(r"([\\`*~|\[\]]|(?<![^\W_])_|_(?![^\W_]))", r"\\\1", one_line)


def _paragraph(text: str) -> str:
    """Escape a text that begins a line, where it would be a heading, a list or a quotation."""
    return re.sub(r"^([#+-]|[0-9]+(?=[.)]))", _behind_backslash, escape(text))


def _behind_backslash(found: re.Match[str]) -> str:
    mark = found[0]
    return f"{mark}\\" if mark[0].isdigit() else f"\\{mark}"


def _indent(lines: str) -> list[str]:
    return [f"    {line}" for line in named_turns(lines).splitlines()]
