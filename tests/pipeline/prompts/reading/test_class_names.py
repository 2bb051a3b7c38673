import pytest

from sau.pipeline.prompts.reading.class_names import forms, names_class, without_names


def paired(text):
    return dict(pair.split() for pair in text.split(","))


PLURALS = paired(
    "mouse mice, wolf wolves, leaf leaves, man men, woman women, child children, goose geese, "
    "tooth teeth, foot feet, ox oxen, person people, knife knives, shelf shelves, calf "
    "calves, thief thieves, scarf scarves, hoof hooves, potato potatoes, volcano volcanoes, "
    "cactus cacti, fungus fungi, octopus octopuses, sheep sheep, deer deer, aircraft "
    "aircraft, die dice, axis axes, larva larvae, alga algae, antenna antennae, matrix "
    "matrices, louse lice, quiz quizzes, fox foxes, church churches, butterfly butterflies, "
    "monkey monkeys, policeman policemen, dormouse dormice, grandchild grandchildren, "
    "craftswoman craftswomen, werewolf werewolves, bookshelf bookshelves, salmon salmon, "
    "flamingo flamingos, mosquito mosquitoes, piano pianos, hero heroes, radius radii, crocus "
    "crocuses, doberman dobermans, ottoman ottomans"
)


@pytest.mark.parametrize("singular", PLURALS)
def test_class_is_named_by_its_singular_and_its_plural(singular):
    plural = PLURALS[singular]
    assert names_class(f"Two {plural} on a hill.", [singular])
    assert names_class(f"One {singular} on a hill.", [singular])
    assert names_class(f"One {singular} on a hill.", [plural])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Gray wolves howl.", "gray wolf"),
        ("Men-of-war float by.", "man-of-war"),
        ("Lilies of the valley.", "lily of the valley"),
        ("A lawnmower on grass.", "lawn mower"),
        ("A PINA COLADA with ice.", "pi\u00f1a colada"),
        ("A pin\u0303a colada with ice.", "pi\u00f1a colada"),
        ("A yellow lady\u2019s slipper in moss.", "yellow lady's slipper"),
        ("The bee's wings.", "bee"),
        ("A tench in a net.", "tench, Tinca tinca"),
        ("A crane over the site.", "crane (machine)"),
        ("\u8349\u5730\u4e0a\u7684\u72d0\u72f8\u7167\u7247", "\u72d0\u72f8"),
        ("\uace0\uc591\uc774\uac00 \ub6f4\ub2e4", "\uace0\uc591\uc774"),
        ("A C++ book.", "C++"),
        ("A T-shirt on a line.", "t shirt"),
    ],
)
def test_class_is_named_in_other_forms(text, name):
    assert names_class(text, [name])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("A beetle in moss.", "bee"),
        ("A scar on a hand.", "car"),
        ("A wolverine.", "wolf"),
        ("A household mousse.", "mouse"),
        ("A catalogue.", "cat"),
        ("", "cat"),
        ("A cat.", ""),
    ],
)
def test_words_like_a_class_name_do_not_name_it(text, name):
    assert not names_class(text, [name])


def test_names_are_taken_out():
    text = "A Pi\u00f1a Colada, two pi\u00f1a coladas and a drink."
    assert without_names(text, ["drink", "pi\u00f1a colada"]) == "A , two and a ."


def test_forms_of_a_word_of_another_language_hold_it():
    assert "\u72d0\u72f8" in forms("\u72d0\u72f8")
