import pytest

from sau.core.errors import UserError
from sau.pipeline.prompts.classes import class_words
from sau.pipeline.prompts.rows import rows, template_prompts
from sau.pipeline.prompts.settings import PromptsSettings


def words_of(class_names, classes, templates=("{article} {name}",), source="template"):
    return class_words(class_names, classes, list(templates), source)


def test_class_is_called_what_the_config_says():
    classes = {"crane": {"name": "crane bird", "article": "the"}, "1": {"synonyms": ["motor_car"]}}
    crane, car, bee = words_of(["crane", "automobile", "bee"], classes)
    assert (crane.name, crane.article) == ("crane bird", "the")
    assert car.names() == [("automobile", "an"), ("motor car", "a")]
    assert bee.names() == [("bee", "a")]


def test_synonyms_take_turns_in_every_template():
    settings = PromptsSettings(per_class=5)
    (words,) = words_of(["bee"], {"bee": {"synonyms": ["ant"]}}, ["a {name}", "the {name}"])
    texts = [prompt.text for prompt in template_prompts(words, settings)]
    assert texts == ["a bee", "a ant", "the bee", "the ant", "a bee"]


def test_class_may_have_templates_and_a_source_of_its_own():
    classes = {"baby": {"templates": ["A doll of a {name}."], "source": "template"}}
    baby, bee = words_of(["baby", "bee"], classes, source="llm")
    assert (baby.templates, baby.source) == (("A doll of a {name}.",), "template")
    assert (bee.templates, bee.source) == (("{article} {name}",), "llm")


def test_class_is_found_by_its_cleaned_name_and_a_double_one_by_its_label():
    assert words_of(["aquarium_fish"], {"aquarium fish": {"name": "fish"}})[0].name == "fish"
    two = words_of(["missile", "missile"], {"1": {"name": "rocket"}})
    assert [words.name for words in two] == ["missile", "rocket"]
    seven = words_of(["8", "7"], {"7": {"name": "seven"}})
    assert [words.name for words in seven] == ["8", "seven"]


@pytest.mark.parametrize(
    ("class_names", "classes", "message"),
    [
        (["crane", "bee"], {"cranes": {}}, "did you mean 'crane'"),
        (["crane", "bee"], {"2": {}}, "has 2, such as 'crane'"),
        (["missile", "missile"], {"missile": {}}, "give the label"),
        (["a_bee"], {"a_bee": {}, "bee": {}}, "stands there twice"),
    ],
)
def test_key_that_is_no_class_is_refused(class_names, classes, message):
    with pytest.raises(UserError) as raised:
        words_of(class_names, classes)
    assert message in str(raised.value)


def test_templates_stand_in_for_answers_and_say_so():
    settings = PromptsSettings(per_class=3)
    (words,) = words_of(["bee"], {}, ["a {name}", "the {name}"])
    found = rows(words, settings, ["A bee on a rose."], ["refused", "empty", "refused"])
    assert [row["prompt"] for row in found] == ["A bee on a rose.", "the bee", "a bee"]
    assert [row["source"] for row in found] == ["llm", *["template_after_llm"] * 2]
    assert found[0]["reason"] is None
    assert found[2]["reason"] == "answers that would not do: 2 x refused; 1 x empty"
