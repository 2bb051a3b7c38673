"""Links between files of the repository and places of the site."""

from pathlib import Path

import pytest

from scripts.site.places import linked_files, repository_place, resolve, rewrite, site_place

PAGE = """# Page

[a result](../results/run/README.md), [its table](../results/run/table.csv#top) and
[a folder](../results/run/); [another page](other.md#head), [outside](https://example.org/x.md),
[nothing](../no/such.md), [above](../../above.md), ![picture](figures/one.png)

```text
[in code](../results/run/code.md)
```
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {
        "docs/page.md": PAGE,
        "docs/other.md": "[home](../README.md)",
        "docs/figures/one.png": "",
        "README.md": "[page](docs/page.md)",
        "results/run/README.md": "[more](more.md) ![figure](figure.png) [back](../../docs/page.md)",
        "results/run/more.md": "[the run](README.md)",
        "results/run/table.csv": "",
        "results/run/figure.png": "",
        "results/run/code.md": "",
    }
    for name, text in files.items():
        path = tmp_path / "repository" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "above.md").write_text("")
    return tmp_path / "repository"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("docs/methods/sau.md", "methods/sau.md"),
        ("README.md", "index.md"),
        ("results/run/README.md", "repository/results/run/README.md"),
    ],
)
def test_file_has_one_place_and_a_place_one_file(path: str, place: str) -> None:
    assert site_place(path) == place
    assert repository_place(place) == path


def test_linked_files_are_those_of_linked_pages_too(root: Path) -> None:
    assert linked_files(root, ["docs/page.md", "docs/other.md"]) == [
        "README.md",
        "results/run/README.md",
        "results/run/figure.png",
        "results/run/more.md",
        "results/run/table.csv",
    ]


def test_links_lead_to_where_their_targets_stand_in_the_site(root: Path) -> None:
    text = rewrite(root, "docs/page.md", PAGE)
    assert "[a result](repository/results/run/README.md)" in text
    assert "[its table](repository/results/run/table.csv#top)" in text
    assert "[a folder](repository/results/run/README.md)" in text
    assert "[another page](other.md#head)" in text
    assert "![picture](figures/one.png)" in text
    run = (root / "results/run/README.md").read_text()
    moved = rewrite(root, "results/run/README.md", run)
    assert moved == "[more](more.md) ![figure](figure.png) [back](../../../page.md)"
    assert rewrite(root, "README.md", "[page](docs/page.md)") == "[page](page.md)"


def test_links_without_a_file_and_links_in_code_stay(root: Path) -> None:
    text = rewrite(root, "docs/page.md", PAGE)
    assert "[outside](https://example.org/x.md)" in text
    assert "[nothing](../no/such.md)" in text
    assert "[above](../../above.md)" in text
    assert "[in code](../results/run/code.md)" in text


def test_resolve_never_leaves_the_repository(root: Path) -> None:
    assert (root.parent / "above.md").is_file()
    assert resolve(root, "docs/page.md", "../../above.md") is None
