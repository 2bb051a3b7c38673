import random

import pytest

from sau.pipeline.prompts.llm.duplicates import grams, near_duplicates, normalise


def slow(texts, similarity):
    """Compare every text with every kept one."""
    kept, found = [], []
    for i, text in enumerate(texts):
        repeat = None
        for j in kept:
            a, b = grams(text), grams(texts[j])
            same = normalise(text) == normalise(texts[j])
            if same or (similarity < 1 and len(a & b) / len(a | b) >= similarity):
                repeat = j
                break
        found.append(repeat)
        if repeat is None:
            kept.append(i)
    return found


def test_case_punctuation_and_space_make_no_difference():
    texts = ["A bee, on a rose!", "a BEE on  a rose", "A bee on a lily."]
    assert near_duplicates(texts, 1.0) == [None, 0, None]


def test_trigrams_are_those_of_the_words():
    assert grams("A bee on a rose.") == {
        ("a", "bee", "on"),
        ("bee", "on", "a"),
        ("on", "a", "rose"),
    }
    assert grams("A bee") == {("a", "bee")}
    assert grams("") == {()}


def test_text_with_one_word_changed_is_a_near_duplicate():
    first = "A photo of the class bee, with striped fur and with a bright garden in the background."
    other = first.replace("bright", "sunny")
    far = "A photo of the class bee, with long legs and with a dark wood behind it."
    # 15 trigrams each, 12 of them in common: 12 / 18 = 0.667.
    assert len(grams(first)) == 15
    assert near_duplicates([first, other, far], 0.6) == [None, 0, None]
    assert near_duplicates([first, other, far], 0.7) == [None, None, None]


@pytest.mark.parametrize("similarity", [0.05, 0.3, 0.5, 0.7, 0.9, 1.0])
def test_duplicates_are_those_of_comparing_all_pairs(similarity):
    draw = random.Random(7)
    words = ["bee", "rose", "red", "old", "small", "fur", "wing"]
    texts = [" ".join(draw.choices(words, k=draw.randint(0, 9))) for _ in range(150)]
    for start in range(0, 150, 3):  # neighbours with one word changed
        changed = texts[start].split() or ["bee"]
        changed[draw.randrange(len(changed))] = draw.choice(words)
        texts[(start + 40) % 150] = " ".join(changed)
    found = near_duplicates(texts, similarity)
    assert found == slow(texts, similarity)
    assert any(repeat is not None for repeat in found)
