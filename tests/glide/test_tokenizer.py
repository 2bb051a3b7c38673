"""Prompts become padded, lower-cased tokens."""

import logging

import pytest
from transformers import GPT2Tokenizer

from sau.glide.tokenizer import Cut, GlideTokenizer


@pytest.fixture
def tokenize(byte_tokenizer: GPT2Tokenizer) -> GlideTokenizer:
    return GlideTokenizer(byte_tokenizer, context_length=6)


def test_padding_is_end_of_text_and_masked(
    tokenize: GlideTokenizer, byte_tokenizer: GPT2Tokenizer
) -> None:
    tokens = tokenize(["ab", ""])
    end = byte_tokenizer.eos_token_id
    assert tokens.ids[0].tolist() == [*byte_tokenizer.encode("ab"), end, end, end, end]
    assert tokens.mask.tolist() == [[True] * 2 + [False] * 4, [False] * 6]
    assert tokens.ids[1].tolist() == [end] * 6
    assert tokens.cut == ()


def test_case_is_ignored(tokenize: GlideTokenizer) -> None:
    tokens = tokenize(["ABc É", "abc é"])
    assert tokens.ids[0].tolist() == tokens.ids[1].tolist()


def test_long_prompt_is_cut_and_reported(tokenize: GlideTokenizer) -> None:
    tokens = tokenize(["abcdef", "abcdefgh"])
    assert tokens.mask.all()
    assert tokens.ids[0].tolist() == tokens.ids[1].tolist()
    assert tokens.cut == (Cut("abcdefgh", "gh"),)


def test_cut_prompts_are_counted_in_one_line(
    tokenize: GlideTokenizer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        tokenize.warn_of_cut(["a", "abcdef"])
        assert caplog.text == ""
        tokenize.warn_of_cut(["a", "abcdefgh", "abcdefg"])
    assert len(caplog.records) == 1
    assert (
        "2 of 3 prompts are longer than 6 tokens and are cut; the first loses 'gh'" in caplog.text
    )


def test_spelled_out_special_token_is_plain_text(
    byte_tokenizer: GPT2Tokenizer,
) -> None:
    tokens = GlideTokenizer(byte_tokenizer, 20)(["<|endoftext|>"])
    assert int(tokens.mask.sum()) == len("<|endoftext|>")
    assert byte_tokenizer.eos_token_id not in tokens.ids[0, :13].tolist()


def test_string_in_place_of_a_list_is_refused(tokenize: GlideTokenizer) -> None:
    with pytest.raises(TypeError, match="sequence of strings"):
        tokenize("a photo")
