import pytest

from sau.pipeline.prompts.llm.text_checks import problem_of, tidy

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
        ("A photo of the class [class name], with a bee.", "markup"),
        ("A photo of the bee &nosuch; in grass.", "markup"),
        ("A photo of the bee <|unknown|> in grass.", "markup"),
        ("As a language model, the bee is unknown to me.", "refused"),
        ("Unfortunately, I can't see the bee.", "refused"),
        ("Let me know if the bee is right.", "talk, no prompt"),
        ("A photo of the be\ufffd bee in grass.", "broken characters"),
        ("A photo of the\u202e bee in grass.", "broken characters"),
        ("A photo of the bee, with", "half a sentence"),
        ("A photo of the bee on a rose,", "half a sentence"),
        ("Bees!", "nothing but the class's name"),
        ("the bee " + "x" * 1000, "1008 characters, at most 1000"),
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


FORM = "A photo of the class bee, with specific features and with a specific background."


@pytest.mark.parametrize(
    "text",
    [
        FORM,
        FORM.upper(),
        "A photo of the class bee, with specific features and a specific background.",
        "A photo of the class bee, with specific features and with a flowery background.",
        "A photo of a bee.",
    ],
)
def test_form_that_was_asked_for_is_no_answer(text):
    forms = [FORM, "A photo of a bee."]
    assert problem_of(text, ["bee"], 50, "en", forms) == "repeats what the model was told"
    assert problem_of(GOOD, ["bee"], 50, "en", forms) is None


def test_joiners_of_persian_are_no_fault():
    assert problem_of("\u0645\u06cc\u200c\u062f\u0648\u062f bee", ["bee"], 50, "any") is None
