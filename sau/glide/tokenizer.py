"""GLIDE's tokens: lower-cased byte-level BPE, cut or padded to a fixed length."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from sau.glide.learned_words import parts_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cut:
    """A prompt that is longer than the context, and the end of it that is lost."""

    prompt: str
    lost: str


@dataclass(frozen=True)
class TokenizedPrompts:
    """Tokens of B prompts: ids (B, T) int64, mask (B, T) bool (True: text), and the cut prompts."""

    ids: Tensor
    mask: Tensor
    cut: tuple[Cut, ...]


class GlideTokenizer:
    """Turns prompts into padded token ids with a GPT-2 tokenizer of transformers.

    The image network was trained on lower-cased text; special tokens that are spelled out in a
    prompt are read as plain text; padding is the end-of-text token; the mask marks it. Words that
    were learned have ids of their own, beyond the tokenizer's.
    """

    def __init__(
        self,
        tokenizer: Any,
        context_length: int,
        words: Mapping[str, list[int]] | None = None,
    ) -> None:
        """Args: the tokenizer, the tokens of a text, and ids of learned words in lower case."""
        if tokenizer.eos_token_id is None:
            raise ValueError("the tokenizer has no end-of-text token to pad with")
        self.tokenizer = tokenizer
        self.context_length = context_length
        self.words = dict(words or {})

    def __call__(self, prompts: Sequence[str]) -> TokenizedPrompts:
        """Tokenize B prompts; one longer than the context is cut and reported."""
        if isinstance(prompts, str):
            raise TypeError("prompts must be a sequence of strings, not one string")
        shape = (len(prompts), self.context_length)
        ids = torch.full(shape, int(self.tokenizer.eos_token_id), dtype=torch.int64)
        mask = torch.zeros(shape, dtype=torch.bool)
        cut = []
        for row, prompt in enumerate(prompts):
            tokens = self._encode(prompt)
            if len(tokens) > self.context_length:
                lost = self._text_of(tokens[self.context_length :])
                cut.append(Cut(prompt, lost))
                tokens = tokens[: self.context_length]
            ids[row, : len(tokens)] = torch.tensor(tokens, dtype=torch.int64)
            mask[row, : len(tokens)] = True
        return TokenizedPrompts(ids=ids, mask=mask, cut=tuple(cut))

    def warn_of_cut(self, prompts: Sequence[str]) -> None:
        """Say once how many of the prompts are cut, and what the first of them loses."""
        cut = self(prompts).cut
        if cut:
            logger.warning(
                "%d of %d prompts are longer than %d tokens and are cut; the first loses %r",
                len(cut),
                len(prompts),
                self.context_length,
                cut[0].lost,
            )

    def _encode(self, prompt: str) -> list[int]:
        # str.lower, not the tokenizer's normaliser: the two differ on some Unicode letters.
        tokens: list[int] = []
        for part in parts_of(prompt.lower(), self.words):
            tokens += self.plain_ids(part) if isinstance(part, str) else part
        return tokens

    def plain_ids(self, text: str) -> list[int]:
        """Return the tokenizer's own tokens of a text, which is in lower case."""
        ids: list[int] = self.tokenizer.encode(
            text, add_special_tokens=False, split_special_tokens=True
        )
        return ids

    def _text_of(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens, but for what is left of a learned word."""
        words = {ids[0]: f" {word}" for word, ids in self.words.items()}
        learned = {number for ids in self.words.values() for number in ids}
        parts = [
            words.get(token, "") if token in learned else self.tokenizer.decode([token])
            for token in tokens
        ]
        return "".join(parts) if self.words else str(self.tokenizer.decode(tokens))
