"""A small byte-level BPE in GPT-2's format, trained on the captions; both models use it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from scripts.tiny_models.captions import make_caption
from scripts.tiny_models.render import DIGIT_NAMES, sample_attributes

END_OF_TEXT = "<|endoftext|>"
VOCABULARY_SIZE = 512
CAPTIONS = 20_000


def training_captions(count: int = CAPTIONS, seed: int = 0) -> list[str]:
    """Captions of `count` random digits, the classes in turn."""
    generator = np.random.default_rng(seed)
    return [
        make_caption(sample_attributes(index % len(DIGIT_NAMES), generator), generator)
        for index in range(count)
    ]


def train_bpe(captions: list[str]) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Learn the vocabulary (token to id) and the merges; the end of text has the highest id.

    The bytes come first and the end of text last, as in GPT-2, so that any text can be encoded
    and so that CLIP's arg-max pooling finds the end of the text.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE - 1,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(captions, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    vocabulary = dict(sorted(model["vocab"].items(), key=lambda item: int(item[1])))
    vocabulary[END_OF_TEXT] = len(vocabulary)
    return vocabulary, [(left, right) for left, right in model["merges"]]


def save_glide_tokenizer(
    folder: Path, vocabulary: dict[str, int], merges: list[tuple[str, str]]
) -> None:
    """Write the tokenizer as transformers' GPT-2 tokenizer (vocab.json and merges.txt)."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    lines = ["#version: 0.2", *(f"{left} {right}" for left, right in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    _write_settings(folder, {"tokenizer_class": "GPT2Tokenizer"})


def save_clip_tokenizer(
    folder: Path, vocabulary: dict[str, int], merges: list[tuple[str, str]], context_length: int
) -> None:
    """Write the same tokens for open_clip: it lower-cases and ends each text by itself."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([END_OF_TEXT])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {END_OF_TEXT}", special_tokens=[(END_OF_TEXT, vocabulary[END_OF_TEXT])]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": context_length}
    _write_settings(folder, settings)


def _write_settings(folder: Path, settings: dict[str, Any]) -> None:
    marks = {f"{role}_token": END_OF_TEXT for role in ("bos", "eos", "unk", "pad")}
    text = json.dumps({**settings, **marks}, indent=2, sort_keys=True)
    (folder / "tokenizer_config.json").write_text(text + "\n", encoding="utf-8")
