import pytest

from sau.pipeline.prompts.llm.text_checks import is_english, problem_of, tidy

GOOD = "A photo of the class bee, with striped fur and with a flowery background."


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (GOOD, None),
        ("Two Bees on the comb.", None),
        ("", "empty"),
        ("   ", "empty"),
        ("A bee on the comb.\nA bee in the air.", "more than one line"),
        ("the bee " + "very " * 49, "51 words, at most 50"),
        ("the bee " + "very " * 48, None),
        ("A photo of the wasp, with a narrow waist.", "does not name the class"),
        ("A photo of the beetle, with a narrow waist.", "does not name the class"),
        ("**A photo** of the bee.", "markup"),
        ("<b>A photo</b> of the bee.", "markup"),
        ("`A photo of the bee.`", "markup"),
        ("# The bee", "markup"),
        ("- A photo of the bee.", "markup"),
        ("1. A photo of the bee.", "markup"),
        ("Here are five prompts for the bee:", "markup"),
        ("See [the bee](https://example.org).", "markup"),
        ('{"prompt": "A photo of the bee."}', "markup"),
        ("I'm sorry, but I can\u2019t describe the bee.", "refused"),
        ("I cannot help with the bee.", "refused"),
        ("As an AI, I have never seen the bee.", "refused"),
        ("Una foto de una bee con rayas amarillas.", "not English"),
        ("Ein Foto der Klasse bee, mit Streifen im Fell.", "not English"),
        ("Une photo de la bee avec des rayures jaunes.", "not English"),
        ("\u871c\u8702 bee \u7684\u7167\u7247\uff0c\u6709\u6761\u7eb9\u3002", "not English"),
        ("\u0424\u043e\u0442\u043e bee \u0432 \u0441\u0430\u0434\u0443.", "not English"),
    ],
)
def test_text_is_refused_for_what_is_wrong_with_it(text, problem):
    assert problem_of(text, ["bee"], max_words=50, language="en") == problem


def test_language_may_be_any_where_the_config_says_so():
    assert problem_of("Una foto de una bee.", ["bee"], 50, "any") is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("A photo of the aquarium fish.", "aquarium fish"),
        ("A photo of the Aquarium-Fishes.", "aquarium fish"),
        ("A photo of the butterflies.", "butterfly"),
        ("A photo of the butterfly.", "butterfly"),
        ("A photo of the St. Bernard.", "St. Bernard"),
        ("A photo of the motor car.", "motor car"),
    ],
)
def test_name_is_found_in_other_forms(text, name):
    assert problem_of(text, ["wasp", name], 50, "en") is None


def test_quotation_marks_around_a_text_are_left_out():
    assert tidy(' "A bee." ') == "A bee."
    assert tidy("\u201cA bee.\u201d") == "A bee."
    assert tidy('A "bee".') == 'A "bee".'


def test_english_is_told_from_its_small_words():
    assert is_english("A red bee in a garden")
    assert is_english("An \u00e9clair with the cream")
    assert not is_english("abeille rouge volant")
    assert not is_english("1234 !")
