"""Embeddings of several classes, put into a pipeline of diffusers in place of others."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers.loaders.textual_inversion import TextualInversionLoaderMixin
from torch import Tensor

from sau.assets.pipeline_networks import quiet
from sau.core.errors import UserError
from sau.core.unloadable import loading
from sau.pipeline.images.own_files import PLACEHOLDER, Embedding
from sau.pipeline.images.own_tensors import finite_tensors

TEXTS = (("tokenizer", "text_encoder"), ("tokenizer_2", "text_encoder_2"))
"""What pipelines that take embeddings call what reads their prompts."""

OF_TWO = ("clip_l", "clip_g")
"""What files for the two text encoders of SDXL call the embeddings of each."""


def put_on_embeddings(pipeline: Any, embeddings: Mapping[str, Embedding]) -> None:
    """Give a pipeline of diffusers embeddings, and no others.

    Args:
        pipeline: on its device; it may have those of other classes.
        embeddings: by the word of a prompt that stands for each, a `placeholder_of`.

    Raises:
        UserError: a pipeline that takes none, or a file that does not fit it.
    """
    texts = _texts(pipeline)
    for tokenizer, encoder in texts:
        if any(word.startswith(PLACEHOLDER) for word in tokenizer.get_added_vocab()):
            pipeline.unload_textual_inversion(tokenizer=tokenizer, text_encoder=encoder)
    if not embeddings:
        return
    found: list[list[dict[str, Tensor]]] = [[] for _ in texts]
    for word, (file, _) in embeddings.items():
        for own, values in zip(found, _vectors_for(pipeline, texts, Path(file)), strict=True):
            own.append({word: values})
    what = f"images.embedding: {next(iter(embeddings.values())).file} does not fit"
    for (tokenizer, encoder), own in zip(texts, found, strict=True):
        # New rows are drawn, by PyTorch's own generator, before they are overwritten.
        with loading(what), quiet(), torch.random.fork_rng(devices=[]):
            pipeline.load_textual_inversion(own, tokenizer=tokenizer, text_encoder=encoder)


def vectors_of(path: Path, widths: Sequence[tuple[str, int]], what: str) -> list[Tensor]:
    """Return the vectors of a file for each text encoder, all of which take them.

    Args:
        path: of the file; of two text encoders it names the tensors as SDXL's do.
        widths: what each text encoder is called, and of its vectors; one or two.
        what: is said first, where they do not.

    Raises:
        UserError: another number of tensors, or a tensor of another shape.
    """
    vectors = _each(finite_tensors(path, "embedding"), len(widths), what)
    for (name, width), own in zip(widths, vectors, strict=True):
        if own.ndim not in (1, 2) or own.shape[-1] != width or not own.numel():
            shape = " x ".join(map(str, own.shape))
            raise UserError(
                f"{what}: its embedding is {shape}, but {name} takes vectors of {width} numbers; "
                "choose the model that it was learned with"
            )
    return vectors


def _vectors_for(pipeline: Any, texts: Sequence[tuple[Any, Any]], path: Path) -> list[Tensor]:
    what = f"images.embedding: {path} does not fit {type(pipeline).__name__}"
    if not isinstance(pipeline, TextualInversionLoaderMixin):
        raise UserError(f"{what}, which takes no embeddings; choose another model")
    widths = [
        (type(encoder).__name__, encoder.get_input_embeddings().weight.shape[1])
        for _, encoder in texts
    ]
    return vectors_of(path, widths, what)


def _texts(pipeline: Any) -> list[tuple[Any, Any]]:
    """Return the pairs of tokenizer and text encoder that a pipeline has."""
    pairs = [[getattr(pipeline, name, None) for name in names] for names in TEXTS]
    return [(tokenizer, encoder) for tokenizer, encoder in pairs if tokenizer and encoder]


def _each(state: Mapping[str, Tensor], encoders: int, what: str) -> list[Tensor]:
    """Return the embedding for each text encoder."""
    if encoders == 1 and len(state) == 1:
        return list(state.values())
    if encoders == 2 and set(state) == set(OF_TWO):
        return [state[name] for name in OF_TWO]
    expected = "one" if encoders == 1 else " and ".join(OF_TWO)
    raise UserError(
        f"{what}: it holds {len(state)} embeddings ({', '.join(sorted(state)[:3])}); the model "
        f"takes {expected}"
    )
