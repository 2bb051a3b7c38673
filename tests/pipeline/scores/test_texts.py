import open_clip
import pytest
import torch

from sau.pipeline.scores.clip import Clip
from sau.pipeline.scores.texts import embed_classes, embed_own_texts, own_texts
from sau.templates.template_sets import CLIP_80, expand

NAMES = ["the_digit_zero", "eight"]


class Counting:
    """A tokenizer that remembers what it was given."""

    def __init__(self, tokenizer):
        self.tokenizer, self.batches = tokenizer, []

    def __call__(self, texts):
        self.batches.append(texts)
        return self.tokenizer(texts)


@pytest.fixture
def clip(tiny_clip):
    return Clip(tiny_clip, torch.device("cpu"), "float32")


@pytest.fixture
def counting(tiny_clip, clip, monkeypatch):
    counter = Counting(tiny_clip.tokenizer)
    monkeypatch.setitem(tiny_clip.__dict__, "tokenizer", counter)
    return counter


def test_text_is_the_prompt_or_the_template_of_the_cleaned_class():
    found = own_texts(["A cat.", None, ""], [0, 0, 1], NAMES, "Of {article} {name}.")
    assert found == ["A cat.", "Of a digit zero.", "Of an eight."]


def test_distinct_texts_are_embedded_once(clip, counting):
    found = embed_own_texts(["b", "a", "b", "c", "a"], clip, batch_size=2)
    assert counting.batches == [["b", "a"], ["c"]]
    assert found.places.tolist() == [0, 1, 0, 2, 1]
    expected = clip.embed_texts(["b", "a", "b", "c", "a"], batch_size=9)
    torch.testing.assert_close(found.of(torch.arange(5)), expected)


def test_classes_are_those_of_open_clips_zero_shot_classifier(tiny_clip, clip):
    templates = ["A photo of the digit {name}.", "{name}", CLIP_80]
    expected = open_clip.build_zero_shot_classifier(
        tiny_clip.model,
        tiny_clip.tokenizer,
        ["digit zero", "eight"],
        _callables(templates),
    )
    found = embed_classes(NAMES, templates, clip, batch_size=256)
    torch.testing.assert_close(found, expected.T)


@pytest.mark.parametrize(("batch_size", "largest"), [(1, 1), (3, 3), (4, 4), (100, 10)])
def test_texts_at_once_are_no_more_than_a_batch(clip, counting, batch_size, largest):
    names = ["zero", "one", "two", "three", "four"]
    found = embed_classes(names, ["{name}", "the {name}"], clip, batch_size)
    assert max(map(len, counting.batches)) <= largest
    texts = [text for batch in counting.batches for text in batch]
    assert texts == [text for name in names for text in (name, f"the {name}")]
    expected = embed_classes(names, ["{name}", "the {name}"], clip, 1000)
    torch.testing.assert_close(found, expected)


def _callables(templates):
    """Return the templates as open_clip wants them, with the article that fits."""
    return [
        lambda name, text=text: text.format(name=name, article="an" if name[0] == "e" else "a")
        for text in expand(templates)
    ]
