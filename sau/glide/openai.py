"""The parts of a pipeline from files that OpenAI published; nothing that they hold is run."""

import gzip
import json
import re
import struct
import warnings
import zlib
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from torch import Tensor
from transformers import GPT2Tokenizer

from sau.glide.architecture import Architecture
from sau.glide.convert import convert
from sau.glide.text_encoder import GlideTextEncoder

# What torch.load raises on files that are cut, damaged or something else, found by trying it on
# thousands of them.
DAMAGED = (
    *(UnpicklingError, RuntimeError, EOFError, ValueError, LookupError, TypeError),
    *(AttributeError, AssertionError, struct.error),
)

_FOREIGN = re.compile(r"GLOBAL (\S+)")


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """Read a PyTorch state dict: tensors by name, on the CPU.

    Only tensors are unpickled (`weights_only`): a file that asks for any other object, as one that
    would run code does, is refused before anything of it runs.

    Raises:
        ValueError: no such file, or it is cut, damaged, or holds anything but named tensors.
    """
    if not path.is_file():
        raise ValueError(
            f"{path}: no such checkpoint; `sau fetch glide` downloads the published ones"
        )
    try:
        with warnings.catch_warnings(action="ignore"):  # of pickles that are refused anyway
            state = torch.load(path, map_location="cpu", weights_only=True)
    except DAMAGED as error:
        raise ValueError(f"{path}: {_why(error)}") from error
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror or error}") from error
    return named_tensors(state, path)


def named_tensors(state: object, path: Path) -> dict[str, Tensor]:
    """Return what was read as a plain dictionary, if it is one of named tensors.

    Raises:
        ValueError: it is not.
    """
    expected = "expected a dictionary of tensors, as in the published base.pt"
    if not isinstance(state, Mapping):
        raise ValueError(f"{path}: holds a {type(state).__name__}; {expected}")
    for name, value in state.items():
        if not isinstance(value, Tensor):
            raise ValueError(f"{path}: {name!r} is a {type(value).__name__}; {expected}")
    return {str(name): value for name, value in state.items()}


def _why(error: BaseException) -> str:
    """Return in one line what is wrong with a file that did not load."""
    foreign = _FOREIGN.search(str(error))
    if foreign:
        return (
            f"refused: it holds {foreign.group(1)}, which is no tensor and could run code; "
            "give a published checkpoint"
        )
    return (
        "not a whole PyTorch checkpoint: cut, damaged or another kind of file; "
        "compare its size and SHA-256, or fetch it again"
    )


ENCODER = "encoder.json"
MERGES = "vocab.bpe"
END_OF_TEXT = "<|endoftext|>"


def read_vocabulary(folder: Path, size: int) -> GPT2Tokenizer:
    """Build the tokenizer from `encoder.json` and `vocab.bpe`, plain or with `.gz`.

    Args:
        folder: holds both files.
        size: how many tokens the text encoder knows.

    Raises:
        ValueError: a file is missing or damaged, or the vocabulary has another size.
    """
    path, text = _read(folder, ENCODER)
    try:
        tokens = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{path}: not JSON: {error}; fetch the vocabulary again") from error
    ids = list(tokens.values()) if isinstance(tokens, dict) else []
    if not all(isinstance(number, int) for number in ids) or sorted(ids) != list(range(size)):
        raise ValueError(f"{path}: expected {size} tokens with the ids 0 to {size - 1}")
    if tokens.get(END_OF_TEXT) != size - 1:
        raise ValueError(f"{path}: expected {END_OF_TEXT} as the last of the {size} tokens")
    path, text = _read(folder, MERGES)
    # Pairs, which the tokenizer takes although it is annotated for strings.
    merges: Any = [tuple(line.split(" ")) for line in text.split("\n")[1:] if line]
    for number, merge in enumerate(merges, start=2):
        if len(merge) != 2 or not {*merge, "".join(merge)} <= tokens.keys():
            raise ValueError(
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
            raise ValueError(f"{path}: damaged: {error}; fetch the vocabulary again") from error
    else:
        raise ValueError(
            f"{folder}: no {name} or {name}.gz, GLIDE's vocabulary; `sau fetch glide` downloads it"
        )
    try:
        return path, data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 text; fetch the vocabulary again") from error


def load_openai(
    checkpoint: Path, vocabulary: Path | None, architecture: Architecture
) -> tuple[GPT2Tokenizer, GlideTextEncoder, UNet2DConditionModel, DDPMScheduler]:
    """Read a checkpoint and the vocabulary, and return the four parts of a pipeline.

    Args:
        checkpoint: a PyTorch state dict, such as `base.pt`.
        vocabulary: folder of `encoder.json` and `vocab.bpe`; None is the checkpoint's folder.
        architecture: the sizes that the checkpoint should have.

    Raises:
        ValueError: a file that is missing, damaged or malicious, or does not fit the sizes.
    """
    folder = checkpoint.parent if vocabulary is None else vocabulary
    tokenizer = read_vocabulary(folder, architecture.vocabulary_size)
    networks = convert(read_checkpoint(checkpoint), architecture, str(checkpoint))
    return tokenizer, *networks, architecture.scheduler()
