import shutil
from pathlib import Path

import pytest

from sau import provenance as module
from sau.provenance import _files_of as files_of
from sau.provenance import code_digest
from sau.stages import STAGES

ROOT = Path(module.__file__).parent


@pytest.fixture
def package(tmp_path, monkeypatch):
    copy = tmp_path / "sau"
    ignore = shutil.ignore_patterns("assets", "__pycache__")
    shutil.copytree(Path(module.__file__).parent, copy, ignore=ignore)
    monkeypatch.setattr(module, "_PACKAGE", copy)
    return copy


def test_digest_follows_the_code_of_its_own_stage(package):
    before = {stage: code_digest(stage) for stage in ("prompts", "filter")}
    path = package / "prompts" / "templates.py"
    path.write_text(path.read_text().replace('"aeiou"', '"aeio"'))
    assert code_digest("prompts") != before["prompts"]
    assert code_digest("filter") == before["filter"]


def test_digest_ignores_comments_docstrings_and_layout(package):
    before = code_digest("prompts")
    path = package / "prompts" / "templates.py"
    text = path.read_text()
    changed = text.replace('"""Prompts from templates."""', '"""Other words."""\n\n# a comment\n')
    assert changed != text
    path.write_text(changed)
    assert code_digest("prompts") == before


def test_digest_follows_the_modules_that_the_stage_imports(package):
    stages = ("dataset", "images", "scores", "training")
    before = {stage: code_digest(stage) for stage in stages}
    path = package / "sources" / "resize.py"
    path.write_text(path.read_text().replace("LANCZOS", "BICUBIC"))
    changed = {stage for stage in stages if code_digest(stage) != before[stage]}
    assert changed == {"dataset", "images"}


def test_digest_follows_the_data_that_those_modules_read(package):
    """The scores' default templates are a table of the prompts stage."""
    stages = ("images", "prompts", "scores")
    before = {stage: code_digest(stage) for stage in stages}
    path = package / "prompts" / "clip_imagenet_templates.csv"
    path.write_text(path.read_text().replace("a bad photo", "a poor photo"))
    changed = {stage for stage in stages if code_digest(stage) != before[stage]}
    assert changed == {"prompts", "scores"}


def test_digest_leaves_out_what_all_stages_share(package):
    before = code_digest("images")
    path = package / "progress.py"
    path.write_text(path.read_text().replace("20.0", "30.0"))
    assert code_digest("images") == before


def test_no_stage_imports_the_code_of_a_later_one():
    """Stages hand each other files; or an edit of training would score all images again."""
    packages = list(dict.fromkeys(stage.package for stage in STAGES.values()))
    for place, package in enumerate(packages):
        imported = {path.relative_to(ROOT).parts[0] for path in files_of(package)}
        assert imported & set(packages[place + 1 :]) == set(), package
