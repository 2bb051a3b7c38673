"""Where a file of the repository stands in the site, and links between the two.

Pages link to what lies beside docs/ (published results, configs, top-level files) as GitHub reads
them, relative to their own file. The site takes each linked file in, and the pages that such a file
links to in turn, and the links are rewritten to where they stand there.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

DOCS = "docs"
ELSEWHERE = "repository"
"""Folder of the site for files that lie outside docs/."""

SCHEMA = "workflow/schemas/config.schema.yaml"
FACE = "sau/__init__.py"
OWN_PLACES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    SCHEMA: "reference/config.md",
    FACE: "reference/sau.md",
}
"""Files outside docs/ that are pages of the site: its home is the README."""

_LINK = re.compile(r"(?<=\]\()(?P<target>[^)\s#]+)(?P<anchor>#[^)\s]*)?(?=[)\s])")
_FENCE = re.compile(r"^ *(```|~~~)")
_OUTWARD = re.compile(r"^(?:[a-z][a-z0-9+.-]*:|/)", re.IGNORECASE)


def site_place(path: str) -> str:
    """Return where a repository file stands in the site, as a source path of MkDocs."""
    if path in OWN_PLACES:
        return OWN_PLACES[path]
    if path.startswith(f"{DOCS}/"):
        return path.removeprefix(f"{DOCS}/")
    return f"{ELSEWHERE}/{path}"


def repository_place(place: str) -> str:
    """Return the repository file that stands at a place of the site; undoes `site_place`."""
    for path, page in OWN_PLACES.items():
        if place == page:
            return path
    if place.startswith(f"{ELSEWHERE}/"):
        return place.removeprefix(f"{ELSEWHERE}/")
    return f"{DOCS}/{place}"


def linked_files(root: Path, pages: list[str]) -> list[str]:
    """Return the files outside docs/ that the pages link to, and those that these link to.

    Args:
        root: the repository.
        pages: Markdown files, as paths from the root.

    Returns: paths from the root, sorted; files that are there alone.
    """
    found: set[str] = set()
    waiting = list(pages)
    while waiting:
        page = waiting.pop()
        for target in targets(root, page):
            if not target.startswith(f"{DOCS}/") and target not in found:
                found.add(target)
                if target.endswith(".md"):
                    waiting.append(target)
    return sorted(found)


def targets(root: Path, page: str) -> Iterator[str]:
    """Yield the repository files that a page links to."""
    found: list[str] = []

    def note(match: re.Match[str]) -> str:
        target = resolve(root, page, match["target"])
        if target:
            found.append(target)
        return match[0]

    replace_links((root / page).read_text(encoding="utf-8"), note)
    yield from found


def rewrite(root: Path, page: str, markdown: str) -> str:
    """Return a page's text with its links leading to where their targets stand in the site.

    Links to other sites, and links whose target is not there, stay: MkDocs then names the page.
    """
    here = PurePosixPath(site_place(page)).parent

    def moved(match: re.Match[str]) -> str:
        target = resolve(root, page, match["target"])
        if target is None:
            return match[0]
        return os.path.relpath(site_place(target), here) + (match["anchor"] or "")

    return replace_links(markdown, moved)


def resolve(root: Path, page: str, target: str) -> str | None:
    """Return the file that a link on a page means, a folder's README.md for a folder, or None."""
    if _OUTWARD.match(target):
        return None
    path = os.path.normpath(PurePosixPath(page).parent / target)
    if (root / path).is_dir():
        path = f"{path}/README.md"
    return path if not path.startswith("..") and (root / path).is_file() else None


def replace_links(markdown: str, change: Callable[[re.Match[str]], str]) -> str:
    """Return the text with the target of each link changed, but for those in fenced code."""
    lines, fenced = [], False
    for line in markdown.splitlines(keepends=True):
        if _FENCE.match(line):
            fenced = not fenced
        lines.append(line if fenced else _LINK.sub(change, line))
    return "".join(lines)
