"""Tokenizers that lost their vocabulary."""

from collections.abc import Mapping
from typing import Any

from sau.core.errors import UserError

WORDS = ("cat", "dog")


def check_vocabulary(tokenizers: Mapping[str, Any], what: str) -> None:
    """Refuse a tokenizer that takes all words for one.

    Transformers loads a tokenizer whose vocabulary file is missing, as an interrupted download
    leaves it, and says nothing; every prompt is then the same.

    Args:
        tokenizers: by name; None where the model has none of that name.
        what: model and setting, for the message.

    Raises:
        UserError: such a tokenizer.
    """
    for name, tokenizer in tokenizers.items():
        if tokenizer is None:
            continue
        first, second = (list(tokenizer(word).input_ids) for word in WORDS)
        if first == second:
            raise UserError(
                f"{what}: its {name} takes all words for one, so every prompt would be the same; "
                "fetch or copy the model again, a vocabulary file is missing or damaged"
            )


def check_tokens(tokenizer: Any, known: int, what: str) -> None:
    """Refuse a tokenizer of transformers that has more tokens than a model has embeddings.

    Args:
        tokenizer: the model's.
        known: how many tokens the text encoder knows.
        what: model and setting, for the message.

    Raises:
        UserError: such a tokenizer.
    """
    last = max(tokenizer.get_vocab().values(), default=0)
    if last >= known:
        raise UserError(
            f"{what}: its tokenizer has tokens up to number {last}, but its text encoder knows "
            f"{known}; fetch or copy the model again, they belong to different models"
        )
