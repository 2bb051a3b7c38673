"""GLIDE's vocabulary, which is GPT-2's, as a tokenizer of transformers."""

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

from transformers import GPT2Tokenizer

from sau.core.errors import UserError

ENCODER = "encoder.json"
MERGES = "vocab.bpe"
END_OF_TEXT = "<|endoftext|>"


def read_vocabulary(folder: Path, size: int) -> GPT2Tokenizer:
    """Build the tokenizer from `encoder.json` and `vocab.bpe`, plain or with `.gz`.

    Args:
        folder: holds both files.
        size: how many tokens the text encoder knows.

    Raises:
        UserError: a file is missing or damaged, or the vocabulary has another size.
    """
    path, text = _read(folder, ENCODER)
    try:
        tokens = json.loads(text)
    except ValueError as error:
        raise UserError(f"{path}: not JSON: {error}; fetch the vocabulary again") from error
    ids = list(tokens.values()) if isinstance(tokens, dict) else []
    if not all(isinstance(number, int) for number in ids) or sorted(ids) != list(range(size)):
        raise UserError(f"{path}: expected {size} tokens with the ids 0 to {size - 1}")
    if tokens.get(END_OF_TEXT) != size - 1:
        raise UserError(f"{path}: expected {END_OF_TEXT} as the last of the {size} tokens")
    path, text = _read(folder, MERGES)
    # Pairs, which the tokenizer takes although it is annotated for strings.
    merges: Any = [tuple(line.split(" ")) for line in text.split("\n")[1:] if line]
    for number, merge in enumerate(merges, start=2):
        if len(merge) != 2 or not {*merge, "".join(merge)} <= tokens.keys():
            raise UserError(
                f"{path}: line {number} is no pair of tokens of {ENCODER}; fetch it again"
            )
    return GPT2Tokenizer(vocab=tokens, merges=merges, pad_token=END_OF_TEXT)


def _read(folder: Path, name: str) -> tuple[Path, str]:
    """Return the path and the text of a file, or of its compressed form."""
    plain, packed = folder / name, folder / f"{name}.gz"
    if plain.is_file():
        path, data = plain, plain.read_bytes()
    elif packed.is_file():
        path = packed
        try:
            data = gzip.decompress(packed.read_bytes())
        except (OSError, EOFError, zlib.error) as error:
            raise UserError(f"{path}: damaged: {error}; fetch the vocabulary again") from error
    else:
        raise UserError(
            f"{folder}: no {name} or {name}.gz, GLIDE's vocabulary; `sau fetch glide` downloads it"
        )
    try:
        return path, data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text; fetch the vocabulary again") from error
