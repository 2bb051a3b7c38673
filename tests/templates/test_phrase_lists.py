import pytest

from sau.templates.attributes import check_attributes
from sau.templates.phrase_lists import LISTS, phrases_of
from sau.templates.templates import fill


@pytest.mark.parametrize("name", LISTS)
def test_phrases_are_as_many_as_the_name_says_and_distinct(name):
    phrases = phrases_of(name)
    assert len({phrase.lower() for phrase in phrases}) == len(phrases) == int(name.split("-")[1])
    assert all(phrase and phrase == " ".join(phrase.split()) for phrase in phrases)
    check_attributes({"own": list(phrases), "named": name}, "prompts.attributes")


def test_prompts_read_well():
    template = "A {style} of {article} {name} {place}."
    given = {"style": phrases_of("styles-20")[1], "place": phrases_of("backgrounds-20")[6]}
    assert fill(template, "owl", None, given) == "A close-up photo of an owl on a sandy beach."
    assert not any(style[0] in "aeiou" for style in phrases_of("styles-20"))
    prepositions = {"in", "on", "at", "against", "beside", "under"}
    assert {place.split()[0] for place in phrases_of("backgrounds-20")} <= prepositions


def test_own_phrases_are_what_they_are():
    assert phrases_of(["styles-20"]) == ["styles-20"]
