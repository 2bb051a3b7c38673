"""LoRA weights of one class and embeddings of several, put into a pipeline and taken out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers.loaders.textual_inversion import TextualInversionLoaderMixin
from safetensors.torch import load_file
from torch import Tensor, nn

from sau.assets.pipeline_networks import quiet
from sau.core.errors import UserError
from sau.core.unloadable import loading
from sau.pipeline.images.own_files import PLACEHOLDER
from sau.pipeline.images.settings import ImagesSettings

ADAPTER = "own"
"""What peft calls the weights of the class that is drawn."""

TEXTS = (("tokenizer", "text_encoder"), ("tokenizer_2", "text_encoder_2"))
"""What pipelines that take embeddings call what reads their prompts."""

OF_TWO = ("clip_l", "clip_g")
"""What files for the two text encoders of SDXL call the embeddings of each."""


def put_on(pipeline: Any, settings: ImagesSettings, embeddings: Mapping[str, str]) -> None:
    """Give a pipeline the LoRA weights of the settings and embeddings, and no others.

    Args:
        pipeline: of diffusers, on its device; it may have those of other classes.
        settings: of a class; `lora` is a file, or empty.
        embeddings: files, by the word of a prompt that each stands for, a `placeholder_of`.

    Raises:
        UserError: a pipeline that takes none, or a file that does not fit it.
    """
    _take_off(pipeline)
    if settings.lora:
        _put_on_lora(pipeline, Path(settings.lora), settings.lora_scale)
    if embeddings:
        _put_on_embeddings(pipeline, embeddings)


def _take_off(pipeline: Any) -> None:
    if getattr(pipeline, "get_list_adapters", dict)():
        pipeline.unload_lora_weights()
    for tokenizer, encoder in _texts(pipeline):
        if any(word.startswith(PLACEHOLDER) for word in tokenizer.get_added_vocab()):
            pipeline.unload_textual_inversion(tokenizer=tokenizer, text_encoder=encoder)


def _put_on_lora(pipeline: Any, path: Path, scale: float) -> None:
    what = f"images.lora: {path} does not fit {type(pipeline).__name__}"
    if not hasattr(pipeline, "load_lora_weights"):
        raise UserError(f"{what}, which takes no LoRA weights; choose another model")
    state = _finite(path, "lora")
    with loading(what), quiet():
        # By the file's name: its header may say by what the matrices are scaled.
        pipeline.load_lora_weights(
            str(path.parent),
            weight_name=path.name,
            adapter_name=ADAPTER,
            use_safetensors=True,
            local_files_only=True,
        )
        # Libraries only warn of what they have no place for.
        placed = sum(_adapted(network) for network in pipeline.components.values())
        given = sum(not name.endswith("alpha") for name in state)
        if placed != given:
            raise UserError(
                f"{what}: it has {given} matrices, of which {placed} have a place in the model; "
                "choose the model that they were trained for"
            )
        pipeline.set_adapters([ADAPTER], [scale])


def _adapted(network: Any) -> int:
    """Return how many matrices of the adapter a part of a pipeline has."""
    if not isinstance(network, nn.Module):
        return 0
    return sum(".lora_" in name for name, _ in network.named_parameters())


def _put_on_embeddings(pipeline: Any, embeddings: Mapping[str, str]) -> None:
    texts = _texts(pipeline)
    found: list[list[dict[str, Tensor]]] = [[] for _ in texts]
    for word, file in embeddings.items():
        for own, values in zip(found, _embedding_of(pipeline, texts, Path(file)), strict=True):
            own.append({word: values})
    what = f"images.embedding: {next(iter(embeddings.values()))} does not fit"
    for (tokenizer, encoder), own in zip(texts, found, strict=True):
        # New rows are drawn, by PyTorch's own generator, before they are overwritten.
        with loading(what), quiet(), torch.random.fork_rng(devices=[]):
            pipeline.load_textual_inversion(own, tokenizer=tokenizer, text_encoder=encoder)


def _embedding_of(pipeline: Any, texts: Sequence[tuple[Any, Any]], path: Path) -> list[Tensor]:
    """Return the vectors of a file for each text encoder, all of which take them."""
    what = f"images.embedding: {path} does not fit {type(pipeline).__name__}"
    if not isinstance(pipeline, TextualInversionLoaderMixin):
        raise UserError(f"{what}, which takes no embeddings; choose another model")
    vectors = _vectors(_finite(path, "embedding"), len(texts), what)
    for (_, encoder), own in zip(texts, vectors, strict=True):
        width = encoder.get_input_embeddings().weight.shape[1]
        if own.ndim not in (1, 2) or own.shape[-1] != width or not own.numel():
            shape = " x ".join(map(str, own.shape))
            raise UserError(
                f"{what}: its embedding is {shape}, but {type(encoder).__name__} takes vectors of "
                f"{width} numbers; choose the model that it was learned with"
            )
    return vectors


def _texts(pipeline: Any) -> list[tuple[Any, Any]]:
    """Return the pairs of tokenizer and text encoder that a pipeline has."""
    pairs = [[getattr(pipeline, name, None) for name in names] for names in TEXTS]
    return [(tokenizer, encoder) for tokenizer, encoder in pairs if tokenizer and encoder]


def _vectors(state: Mapping[str, Tensor], encoders: int, what: str) -> list[Tensor]:
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


def _finite(path: Path, key: str) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file, all of which are floating numbers and finite."""
    what = f"images.{key}: {path}"
    with loading(f"{what} does not load as safetensors"):
        state = load_file(path)
    bad = [
        name
        for name, values in state.items()
        if not (values.is_floating_point() and torch.isfinite(values).all())
    ]
    if bad or not state:
        raise UserError(
            f"{what} has no weights"
            if not state
            else f"{what}: {bad[0]} is not of finite floating numbers; fetch or make it again"
        )
    return dict(state)
