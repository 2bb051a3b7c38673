"""Words of a prompt that stand for learned vectors, where others stand for tokens."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

Embeddings = str | os.PathLike[Any] | Mapping[str, Tensor]
"""A safetensors file, or what it holds: the vectors of one word."""


class LearnedWords:
    """Vectors, (V, width) floating, by the words that they are written as.

    The tokens of the words are numbered on from those of the text encoder, in the order in which
    they were learned.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._vectors: dict[str, Tensor] = {}

    def learn(self, word: str, vectors: Tensor) -> None:
        """Let a word stand for vectors, in place of those that it stood for.

        Args:
            word: of any characters; a prompt has it in upper or lower case. It is found within
                other words too, so it should be unlike any, such as <lynx>.
            vectors: (V, width).

        Raises:
            ValueError: an empty word.
        """
        if not word.strip():
            raise ValueError("token: empty, expected a word that prompts have")
        self._vectors[word.lower()] = vectors

    def forget(self, word: str | None = None) -> None:
        """Forget a word, or all of them.

        Raises:
            ValueError: a word that stands for nothing.
        """
        if word is None:
            self._vectors.clear()
        elif self._vectors.pop(word.lower(), None) is None:
            raise ValueError(f"token: {word!r} was not learned")

    def ids(self, vocabulary: int) -> dict[str, list[int]]:
        """Return the token ids of each word.

        Args:
            vocabulary: tokens that the text encoder has itself.
        """
        first, found = vocabulary, {}
        for word, vectors in self._vectors.items():
            found[word] = list(range(first, first + len(vectors)))
            first += len(vectors)
        return found

    def table(self) -> Tensor | None:
        """Return the vectors of all words, in the order of their ids; None if there are none."""
        return torch.cat(list(self._vectors.values())) if self._vectors else None


def read_embedding(source: Embeddings, token: str | None, width: int) -> tuple[str, Tensor]:
    """Return the word of a textual inversion, and its vectors, (V, width).

    Args:
        source: a file or its tensors, of which there is one, called as the word.
        token: a word in place of that.
        width: of the text encoder.

    Raises:
        ValueError: not one tensor, or one that is not of floating vectors of that width.
    """
    state = source if isinstance(source, Mapping) else load_file(source)
    if len(state) != 1:
        raise ValueError(f"a textual inversion holds one tensor, not {len(state)}")
    ((name, vectors),) = state.items()
    rows = vectors.unsqueeze(0) if vectors.ndim == 1 else vectors
    if rows.ndim != 2 or rows.shape[1] != width or not len(rows) or not rows.is_floating_point():
        shape = " x ".join(map(str, vectors.shape))
        raise ValueError(
            f"its embedding is {shape} {vectors.dtype}, but the text encoder takes vectors of "
            f"{width} floating numbers"
        )
    return token or name, rows


def parts_of(prompt: str, words: Mapping[str, list[int]]) -> Iterator[str | list[int]]:
    """Yield the text between the words of a prompt, and the ids of the words, in their order.

    The space before a word is a part of it, as it is of GPT-2's tokens.

    Args:
        prompt: in lower case.
        words: ids by word, in lower case.
    """
    rest = prompt
    while rest:
        place, word = _first(rest, words)
        if word is None:
            yield rest
            return
        if before := rest[:place].removesuffix(" "):
            yield before
        yield words[word]
        rest = rest[place + len(word) :]


def _first(text: str, words: Mapping[str, list[int]]) -> tuple[int, str | None]:
    """Return where the first word stands, the longest one that stands there, and that word."""
    found = [(text.find(word), -len(word), word) for word in words if word in text]
    if not found:
        return len(text), None
    place, _, word = min(found)
    return place, word
