"""Captions name the class and say nothing untrue; the tokenizer reads them back."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from open_clip.tokenizer import HFTokenizer
from transformers import GPT2Tokenizer

from sau.glide.tokenizer import GlideTokenizer
from scripts.tiny_models.captions import make_caption
from scripts.tiny_models.render import DIGIT_NAMES, sample_attributes
from scripts.tiny_models.train_tokenizer import (
    VOCABULARY_SIZE,
    save_clip_tokenizer,
    save_glide_tokenizer,
    train_bpe,
    training_captions,
)


def test_captions_name_their_class_and_no_other() -> None:
    generator = np.random.default_rng(0)
    for index in range(2000):
        caption = make_caption(sample_attributes(index % 10, generator), generator)
        words = set(re.findall(r"[a-z]+", caption))
        assert words & set(DIGIT_NAMES) == {DIGIT_NAMES[index % 10]}


def test_captions_are_true_of_the_picture() -> None:
    generator = np.random.default_rng(1)
    for index in range(2000):
        attributes = sample_attributes(index % 10, generator)
        caption = make_caption(attributes, generator)
        if "bold" in caption:
            assert attributes.font.bold
        if "slanted" in caption:
            assert attributes.font.slanted
        if "small" in caption:
            assert attributes.height < 10.0
        if "tilt" in caption:
            assert abs(attributes.rotation) > 8.0
        if "font" in caption:
            assert attributes.font.style in caption


def test_captions_of_a_seed_are_the_same() -> None:
    assert training_captions(50, seed=3) == training_captions(50, seed=3)
    assert training_captions(50, seed=3) != training_captions(50, seed=4)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    vocabulary, merges = train_bpe(training_captions(2000))
    glide, clip = tmp_path_factory.mktemp("glide"), tmp_path_factory.mktemp("clip")
    save_glide_tokenizer(glide, vocabulary, merges)
    save_clip_tokenizer(clip, vocabulary, merges, context_length=32)
    return glide, clip


def test_end_of_text_has_the_highest_id(folders: tuple[Path, Path]) -> None:
    vocabulary = json.loads((folders[0] / "vocab.json").read_text(encoding="utf-8"))
    assert len(vocabulary) <= VOCABULARY_SIZE
    assert vocabulary["<|endoftext|>"] == max(vocabulary.values()) == len(vocabulary) - 1


def test_text_of_any_kind_survives_the_tokenizer(folders: tuple[Path, Path]) -> None:
    tokenizer = GPT2Tokenizer.from_pretrained(folders[0])
    text = "a photo of the digit three. Žluťoučký 🐎\n"
    assert tokenizer.decode(tokenizer.encode(text), clean_up_tokenization_spaces=False) == text


def test_models_read_the_same_tokens(folders: tuple[Path, Path]) -> None:
    texts = ["A photo of the digit Three.", "seven", "x" * 99]
    glide = GlideTokenizer(GPT2Tokenizer.from_pretrained(folders[0]), 32)(texts)
    clip = HFTokenizer(str(folders[1]), context_length=32)(texts)
    # CLIP's texts end in the end of the text even where they are cut.
    assert clip[:2].tolist() == glide.ids[:2].tolist()
    assert clip[2, :31].tolist() == glide.ids[2, :31].tolist()
    assert clip[2, 31] == clip.max()
