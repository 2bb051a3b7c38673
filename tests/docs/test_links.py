"""Links of the written pages: each leads to a file that is there, and to a heading that it has."""

import re

import pytest

from scripts.site.places import replace_links, resolve
from tests.paths import ROOT

PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "results/published/*/*.md", "sau/assets/*.md")
    for path in ROOT.glob(pattern)
)
OUTSIDE = ("http://", "https://", "mailto:")


def links_of(page: str) -> list[tuple[str, str]]:
    """Return target and heading of each link, both perhaps empty."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found: list[tuple[str, str]] = []

    def note(match: re.Match[str]) -> str:
        found.append((match["target"], (match["anchor"] or "").removeprefix("#")))
        return match[0]

    replace_links(text, note)
    found += [("", name) for name in re.findall(r"\]\(#([^)]+)\)", text)]
    return [(target, name) for target, name in found if not target.startswith(OUTSIDE)]


def headings_of(page: str) -> set[str]:
    """Return the anchors that GitHub and MkDocs both give to a page's headings."""
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    words = (re.sub(r"[^\w\s-]", "", head).strip() for head in re.findall(r"^#+ (.+)$", text, re.M))
    return {re.sub(r"\s", "-", head).lower() for head in words}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files_and_headings(page: str) -> None:
    for target, heading in links_of(page):
        place = resolve(ROOT, page, target) if target else page
        assert place is not None, f"{page}: no file {target}"
        assert not heading or heading in headings_of(place), f"{page}: {place} has no #{heading}"


def test_links_are_found_at_all() -> None:
    assert sum(len(links_of(page)) for page in PAGES) > 150
    assert "leak" not in headings_of("docs/filter.md")
    assert "near-images" in headings_of("docs/filter.md")


def test_links_of_the_index_reach_every_page_of_a_method() -> None:
    linked = {
        resolve(ROOT, "docs/methods/README.md", t) for t, _ in links_of("docs/methods/README.md")
    }
    pages = {page for page in PAGES if page.startswith("docs/methods/")}
    assert pages - linked == {"docs/methods/README.md"}
