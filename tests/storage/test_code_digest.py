import shutil

import pytest

from sau.pipeline.registry import STAGES
from sau.storage.code_digest import NO_EFFECT, PACKAGE, code_digest, files_of


@pytest.fixture
def package(tmp_path):
    copy = tmp_path / "sau"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("tiny-*", "__pycache__"))
    return copy


def stages():
    return list(dict.fromkeys(stage.package for stage in STAGES.values()))


def changed_by(package, path, old, new):
    """Return the stages whose digest an edit of one file changes."""
    before = {stage: code_digest(stage, package) for stage in stages()}
    text = (package / path).read_text()
    assert old in text
    (package / path).write_text(text.replace(old, new))
    return {stage for stage in stages() if code_digest(stage, package) != before[stage]}


def test_digest_follows_the_code_of_its_own_stage(package):
    changed = changed_by(package, "pipeline/prompts/stage.py", "class_names", "names")
    assert changed == {"prompts"}


def test_digest_ignores_comments_docstrings_and_layout(package):
    old, new = '"""Prompts from templates."""', '"""Other words."""\n\n# a comment\n'
    assert changed_by(package, "templates/templates.py", old, new) == set()


def test_digest_follows_the_modules_that_the_stage_imports(package):
    changed = changed_by(package, "sources/resize.py", "LANCZOS", "BICUBIC")
    assert changed == {"dataset", "personalise", "images", "influence"}


def test_digest_follows_the_data_that_those_modules_read(package):
    """The scores' default templates are a table that prompts may have too."""
    path = "templates/clip_imagenet_templates.csv"
    assert changed_by(package, path, "a bad photo", "a poor photo") == {"prompts", "scores"}


def test_digest_follows_what_a_registry_names_in_a_string(package):
    path = package / "pipeline" / "filter" / "registered.py"
    path.write_text('NAMES = {"flips": "sau.views.crop", "sau": "sau.methods.sau:Sau"}\n')
    assert {package / "views" / "crop.py", package / "methods" / "sau.py"} <= files_of(
        "filter", package
    )


def test_digest_of_training_follows_every_method(package):
    changed = changed_by(package, "methods/paco.py", "1 + alpha", "2 + alpha")
    assert changed == {"training"}


@pytest.mark.parametrize("module", ["gpus", "compiling", "transfer", "repeatable"])
def test_digest_covers_what_changes_numbers_on_a_device(package, module):
    path = package / "device" / f"{module}.py"
    path.write_text(path.read_text() + "CHANGED = 1\n")
    assert code_digest("training", package) != code_digest("training")
    assert code_digest("dataset", package) == code_digest("dataset")


def test_digest_leaves_out_what_all_stages_share(package):
    assert changed_by(package, "core/progress.py", "20.0", "30.0") == set()


def test_stages_import_no_code_of_one_another():
    """Stages hand each other files; or an edit of training would score all images again."""
    shared = {"report": {"evaluation", "subset"}}
    for stage in stages():
        folders = {path.relative_to(PACKAGE).parts[:2] for path in files_of(stage)}
        imported = {parts[1] for parts in folders if parts[0] == "pipeline"}
        assert imported & set(stages()) - {stage} <= shared.get(stage, set()), stage


def test_digest_follows_how_networks_are_asked_where_a_result_depends_on_their_answers(package):
    path = package / "engine" / "prediction.py"
    before = {asked: code_digest("scores", package, networks=asked) for asked in (False, True)}
    assert before[False] != before[True]
    path.write_text(path.read_text() + "CHANGED = 1\n")
    after = {asked: code_digest("scores", package, networks=asked) for asked in (False, True)}
    assert (before[False] == after[False], before[True] == after[True]) == (True, False)


def test_digest_of_images_follows_how_networks_are_loaded(package):
    path = package / "assets" / "pipeline_networks.py"
    before = code_digest("images", package)
    path.write_text(path.read_text() + "CHANGED = 1\n")
    assert code_digest("images", package) != before


def test_modules_without_effect_are_there():
    assert [name for name in NO_EFFECT if not (PACKAGE / name).exists()] == []
