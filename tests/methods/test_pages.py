"""The pages of docs/methods: each method has one, and the rows on them can be trained."""

import re

import pytest

from sau.engine.settings import TrainingSettings
from sau.methods.registry import METHODS
from tests.paths import ROOT

yaml = pytest.importorskip("yaml")

FOLDER = ROOT / "docs" / "methods"
PAGES = sorted(path.name for path in FOLDER.glob("*.md") if path.name != "README.md")
NOT_OF_TRAINING = ("label",)


def test_methods_all_stand_in_the_index() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [name for name in METHODS if f"| `{name}` |" not in index] == []
    assert sorted(set(re.findall(r"\]\((\w+\.md)\)", index))) == PAGES


@pytest.mark.parametrize("page", PAGES)
def test_rows_of_a_page_are_valid_settings(page: str) -> None:
    text = (FOLDER / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    rows = {key: row for block in blocks for key, row in yaml.safe_load(block).items()}
    assert rows
    methods = set()
    for row in rows.values():
        keys = {key: value for key, value in row.items() if key not in NOT_OF_TRAINING}
        settings = TrainingSettings.from_mapping(keys)
        second = settings.second()
        methods |= {settings.method, second.method if second else settings.method}
    assert {"fill_up.md": "balanced_softmax"}.get(page, page.removesuffix(".md")) in methods
