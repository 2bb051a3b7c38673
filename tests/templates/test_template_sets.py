import importlib.util
from pathlib import Path

import pytest

from sau.templates import template_sets
from sau.templates.template_sets import CLIP_80, expand
from sau.templates.templates import fill


def test_clips_templates_are_those_that_open_clip_has_too():
    package = importlib.util.find_spec("open_clip")
    if package is None:
        pytest.skip("open_clip is not there")
    # The file alone: the package would bring torch and timm in.
    file = Path(package.origin).parent / "zero_shot_metadata.py"
    spec = importlib.util.spec_from_file_location("zero_shot_metadata", file)
    metadata = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(metadata)
    theirs = [template("{}") for template in metadata.OPENAI_IMAGENET_TEMPLATES]
    ours = [t.replace("{article}", "a").replace("{name}", "{}") for t in expand([CLIP_80])]
    assert len(ours) == len(set(ours)) == 80
    assert ours == theirs


def test_clips_templates_take_the_article_that_fits():
    texts = [fill(template, "owl") for template in expand([CLIP_80])]
    assert texts[0] == "a bad photo of an owl."
    assert "the plastic owl." in texts
    assert "itap of my owl." in texts
    assert not any(" a owl" in text or text.startswith("a owl") for text in texts)


def test_set_stands_beside_sentences_of_ones_own():
    templates = expand(["An {name}.", CLIP_80, "Two {name}."])
    assert templates[0] == "An {name}."
    assert templates[-1] == "Two {name}."
    assert len(templates) == 82


def test_file_names_its_source():
    file = Path(template_sets.__file__).parent / "clip_imagenet_templates.csv"
    assert "github.com/openai/CLIP" in file.read_text()
