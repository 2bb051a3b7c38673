"""Print the documentation's table of methods, or write what is made from the methods' files.

`python -m sau.methods` prints the table; `python -m sau.methods PAGE` writes it between the markers
of that page, and the options' description to `options.json`.
"""

import json
import sys
from pathlib import Path

from sau.methods.described import FILE, describe_all
from sau.methods.registry import method_class, method_names

BEGIN = "<!-- table of methods: made by `make schema` -->"
END = "<!-- end of the table -->"


def table() -> str:
    """Return the methods as a Markdown table: title, name, source and page."""
    lines = ["| method | `method` | source | page |", "| --- | --- | --- | --- |"]
    for name in method_names():
        method = method_class(name)
        source = method.source or "none"
        lines.append(f"| {method.title} | `{name}` | {source} | [{name}]({name}.md) |")
    return "\n".join(lines) + "\n"


def with_table(page: str) -> str:
    """Return a page's text with the present table between its markers.

    Raises:
        ValueError: a marker is missing.
    """
    if BEGIN not in page or END not in page:
        raise ValueError(f"page: no lines {BEGIN!r} and {END!r} to write the table between")
    before, rest = page.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    return f"{before}{BEGIN}\n\n{table()}\n{END}{after}"


def descriptions() -> str:
    """Return the text of `options.json`."""
    return json.dumps(describe_all(), indent=2, ensure_ascii=False) + "\n"


def main(pages: list[str]) -> None:
    """Print the table, or write it into the pages and the options' description beside the code."""
    if not pages:
        sys.stdout.write(table())
        return
    FILE.write_text(descriptions(), encoding="utf-8")
    for page in map(Path, pages):
        page.write_text(with_table(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
