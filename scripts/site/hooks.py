"""What MkDocs calls while it builds the site; named in mkdocs.yml under `hooks`."""

import json
from pathlib import Path

import yaml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from scripts.site.config_reference import config_reference
from scripts.site.formulas import formulas_to_mathml
from scripts.site.offline import loaded_from_elsewhere
from scripts.site.places import (
    FACE,
    OWN_PLACES,
    SCHEMA,
    linked_files,
    repository_place,
    rewrite,
    site_place,
)
from scripts.site.public_names import public_names, public_reference

ROOT = Path(__file__).parents[2]
OPTIONS = "sau/methods/options.json"
WIDE_PAGES = ("index.md", "first-run.md", "your-own-images.md")
"""Tabs of one page: a list of pages beside them would name themselves alone."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the top-level pages, those made from the code, and every file that a page links to."""
    top = [path for path in OWN_PLACES if path.endswith(".md")]
    pages = [f"docs/{file.src_uri}" for file in files.documentation_pages()] + top
    made = pages_from_code()
    for path in sorted({*top, *linked_files(ROOT, pages)} - set(made)):
        files.append(File.generated(config, site_place(path), abs_src_path=str(ROOT / path)))
    for path, content in made.items():
        files.append(File.generated(config, site_place(path), content=content))
    return files


def pages_from_code() -> dict[str, str]:
    """Return the pages that are made from files of the repository, by the file, in Markdown."""
    options = json.loads((ROOT / OPTIONS).read_text(encoding="utf-8"))
    schema = yaml.safe_load((ROOT / SCHEMA).read_text(encoding="utf-8"))
    names = public_names(ROOT)
    return {SCHEMA: config_reference(schema, options), FACE: public_reference(names)}


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links to files outside docs/ to where these stand in the site."""
    del config, files
    if page.file.src_uri in WIDE_PAGES:
        page.meta["hide"] = ["navigation"]
    path = repository_place(page.file.src_uri)
    return markdown if path in (SCHEMA, FACE) else rewrite(ROOT, path, markdown)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Draw the formulas."""
    del page, config, files
    return formulas_to_mathml(html)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Refuse a page that a reader without a network would see in part."""
    del config
    addresses = loaded_from_elsewhere(output)
    if addresses:
        raise PluginError(f"{page.file.src_uri}: loads {addresses[0]}; expected files of the site")
    return output
